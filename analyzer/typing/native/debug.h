/* SPDX-License-Identifier: MIT */
/*
 * What the debug information of the dump's modules says, by address.  Read by libdw, on first use:
 * a unit's types when one of its variables or sites is asked for, the addresses of a module's
 * globals when one of them is.  Addresses are those of the dumped process.
 */
#ifndef TYPING_NATIVE_DEBUG_H
#define TYPING_NATIVE_DEBUG_H

#include <stdbool.h>
#include <stdint.h>

#include "typing/native/ctype.h"
#include "typing/native/facts.h"
#include "typing/native/native.h"

struct frame;

struct variable {
	const char *name;  /* interned, qualified in C++ */
	const char *scope; /* function of a static local or of a local; "" a global */
	uint64_t addr;
	const struct ctype *type;
};

/* Has the module debug information with types? */
bool debug_has_types(struct native *n, uint32_t module);
void debug_close(struct debug *d);
/* The class of that qualified name that the module with this address defines; NULL: none. */
const struct ctype *debug_find_class(struct native *n, uint64_t addr, const char *name);

typedef void variable_fn(void *arg, const struct variable *v);
/* Every variable of the module that has a fixed address, by address. */
void debug_each_global(struct native *n, uint32_t module, variable_fn *fn, void *arg);
/* The one that covers addr. */
bool debug_find_global(struct native *n, uint64_t addr, struct variable *ret);
/* Variables and parameters that lie in memory in this frame, at the place where it will go on. */
void debug_each_local(struct native *n, const struct frame *f, variable_fn *fn, void *arg);

/* What the function that holds pc returns, inlined ones seen through; NULL: nothing, or not known.
 */
const struct ctype *debug_find_return_type(struct native *n, uint64_t pc);
/* Type of the parameter (0 is the first, `this` included) of the function that begins at entry;
 * NULL: not known. */
const struct ctype *debug_find_parameter(struct native *n, uint64_t entry, unsigned int index);
/* Is the function that begins at entry called as the class of its first parameter is? */
bool debug_is_constructor(struct native *n, uint64_t entry);

/* What flow_follow found out of a call's result; NULL: it has not been asked.  flow.c */
const struct fact *debug_find_flow(struct native *n, uint64_t return_address);
/* The answer, to be kept; the maker is empty then. */
const struct fact *debug_add_flow(struct native *n, uint64_t return_address, struct fact_maker *m);

/* A structure of the same debug information that has a record at that offset, as a member or base;
 * at 0 also what begins with the record's own members. */
typedef void holder_fn(void *arg, const struct ctype *holder, uint64_t offset);
void debug_each_holder(struct native *n, const struct ctype *record, holder_fn *fn, void *arg);

/*
 * Where a variable may be, as far as the flow of a value needs it: in a register, in the frame at a
 * distance from a register, or nowhere, but what it is worth is a register's value and a distance:
 * a pointer that the code needs only to reach what it leads to.
 */
struct place {
	bool is_memory, is_sum;
	uint8_t regno;	/* DWARF number */
	int64_t offset; /* memory, sum */
};
/* Types of the variables and parameters, also of functions inlined there, that are in that place
 * when the code is at pc: innermost first, at most max.  Returns their number. */
unsigned int debug_find_types_in(struct native *n, uint64_t pc, const struct place *place,
				 const struct ctype **types, unsigned int max);

#endif
