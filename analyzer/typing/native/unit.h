/* SPDX-License-Identifier: MIT */
/*
 * The compile units of one module, as libdw has them: which unit holds an address, what the types
 * of a unit are called, where the definition of a declared type is.  Only the files of this folder
 * that read debug information include it.
 */
#ifndef TYPING_NATIVE_UNIT_H
#define TYPING_NATIVE_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <elfutils/libdw.h>

#include "base/map.h"
#include "typing/native/ctype.h"
#include "typing/native/native.h"

/* A piece of a function's code. */
struct unit_function {
	uint64_t start, end; /* as in the file */
	Dwarf_Die die;
};

struct unit {
	Dwarf_Die die; /* of split units, the one in the .dwo */
	bool has_functions;
	struct unit_function *functions; /* by start */
	size_t nr_functions, functions_room;
};

struct unit_range {
	uint64_t start, end; /* as in the file */
	uint32_t unit;
};

/* A namespace or class that types are declared in. */
struct scope {
	Dwarf_Die die;
	struct scope *parent; /* NULL: none */
	const char *name;     /* interned, qualified; NULL: nobody has asked */
};

/* A variable with a fixed address. */
struct debug_global {
	uint64_t addr; /* of the process */
	Dwarf_Die die;
	const char *scope; /* interned */
};

struct debug {
	struct native *native;
	Dwarf *dwarf; /* NULL: it has no debug information */
	uint64_t bias;
	struct unit *units;
	size_t nr_units, units_room;
	struct unit_range *ranges; /* by start */
	size_t nr_ranges, ranges_room;

	struct map languages;	/* (unit's DIE, 0) -> 1 C++, 0 not */
	bool has_imports;	/* `languages` has the units that others import */
	struct map walked;	/* (unit's DIE, 0) -> 1 when its types are in `scopes` */
	struct map scopes;	/* (DIE, 0) -> struct scope *, of types that are declared in one */
	struct map definitions; /* (interned qualified name, 0) -> index in definition_dies */
	unsigned int naming_depth, nr_spelled; /* template.c, of the name that is being made */
	bool has_definitions;
	Dwarf_Die *definition_dies;
	size_t nr_definitions, definitions_room;

	bool has_globals;
	struct debug_global *globals; /* by addr */
	size_t nr_globals, globals_room;
};

/* Never NULL; dwarf may be. */
struct debug *debug_get(struct native *n, uint32_t module);
/* The unit whose code holds addr of the process; NULL: none. */
struct unit *debug_find_unit(struct debug *d, uint64_t addr);
/* The function, in the debug information, that holds addr of the process. */
bool debug_find_function_die(struct debug *d, uint64_t addr, Dwarf_Die *ret);

/* scope.c */
bool debug_die_is_cxx(struct debug *d, Dwarf_Die *die);
/* Interned name of the namespace or class that a type is declared in, "" none. */
const char *debug_type_scope(struct debug *d, Dwarf_Die *die);
/* The definition of a type by its qualified name as DWARF spells it. */
bool debug_find_definition(struct debug *d, const char *qualified, Dwarf_Die *ret);
/* "a::b" interned, or b itself where the scope is "". */
const char *unit_qualify(struct native *n, const char *scope, const char *name);

/* The name of a type or namespace with its template's arguments, also where the compiler leaves
 * them out (-gsimple-template-names); NULL: none.  template.c */
const char *template_name(struct debug *d, Dwarf_Die *die);

/* The type of a DIE's DW_AT_type; void where it has none.  dwarf_type.c */
const struct ctype *dwarf_type_of(struct debug *d, Dwarf_Die *die);
/* The type that a DIE is. */
const struct ctype *dwarf_type_from(struct debug *d, Dwarf_Die *die);
const char *dwarf_name(Dwarf_Die *die); /* "" none; the specification's or origin's, too */

#endif
