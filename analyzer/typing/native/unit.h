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
#include "typing/native/facts.h"
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

/* A structure by what it has among its members: holder.c. */
struct holder {
	Dwarf_Die die;
	uint32_t next; /* of the same name; its own index: none */
	uint32_t last; /* of them, of the first */
};

struct holders {
	bool is_made;
	struct map by_name; /* (hash of a name, enum clue) -> index of the first */
	struct holder *items;
	size_t nr, room;
};

struct debug {
	struct native *native;
	uint32_t module;
	uint64_t load_bias; /* what its addresses in the file differ by */
	struct facts facts;
	bool is_cached; /* some are from the cache: it has types */
	bool is_news;	/* there are answers or members of types that the cache has not */

	/* What follows is there after debug_need_dwarf. */
	bool is_tried;
	bool is_partial; /* some of it is in files that are not here */
	Dwarf *dwarf;	 /* NULL: it has no debug information */
	uint64_t bias;	 /* of the debug information's addresses */
	struct unit *units;
	size_t nr_units, units_room;
	struct unit_range *ranges; /* by start */
	size_t nr_ranges, ranges_room;

	struct map split_units; /* (Dwarf of a .dwo, 0) -> index of the unit */
	struct map languages;	/* (unit's DIE, 0) -> 1 C++, 0 not */
	bool has_imports;	/* `languages` has the units that others import */
	struct map walked;	/* (unit's DIE, 0) -> 1 when its types are in `scopes` */
	struct map scopes;	/* (DIE, 0) -> struct scope *, of types that are declared in one */
	struct map definitions; /* (interned qualified name, 0) -> index in definition_dies */
	unsigned int naming_depth, nr_spelled; /* template.c, of the name that is being made */
	bool has_definitions;
	Dwarf_Die *definition_dies;
	size_t nr_definitions, definitions_room;
	struct holders holders;
};

/* Where a DIE is, other than by its address. */
struct die_place {
	uint32_t file; /* enum debug_file; DEBUG_FILE_SPLIT + index of the unit */
	uint64_t offset;
};
enum debug_file {
	DEBUG_FILE_MAIN,
	DEBUG_FILE_TYPES,  /* its .debug_types */
	DEBUG_FILE_SHARED, /* what dwz moved to a file of its own */
	DEBUG_FILE_SPLIT,  /* the .dwo of a unit */
	DEBUG_FILE_NOWHERE = UINT32_MAX,
};

/* Where the members of a struct, union or enumeration are. */
struct type_source {
	struct debug *debug;
	Dwarf_Die die;		/* addr NULL: not looked up yet */
	struct die_place place; /* then */
	const char *spelling;	/* interned: its name in debug information; "" none */
	uint64_t layout;	/* tells it apart from others of its name */
};

/* NULL: scalars, pointers and arrays need none. */
struct type_source *type_get_source(const struct native *n, const struct ctype *t);
void type_set_source(struct native *n, const struct ctype *t, const struct type_source *source);

/* Never NULL; whether there is debug information is found out when it is asked. */
struct debug *debug_get(struct native *n, uint32_t module);
/* That of the module that addr is in; NULL: in none. */
struct debug *debug_at(struct native *n, uint64_t addr);
void debug_need_dwarf(struct debug *d);
/* Keeps an answer; the maker is empty then. */
const struct fact *debug_add_fact(struct debug *d, struct fact_maker *m);
void debug_progress(const struct debug *d, size_t done, size_t total);
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

struct dump_string debug_build_id(const struct debug *d); /* len 0: none */
/* Hexadecimal; caller frees. */
char *debug_build_text(const struct dump_string *id);

/* die.c */
struct die_place die_get_place(struct debug *d, Dwarf_Die *die);
/* The DIE that is there, if it is of the kind. */
bool die_find(struct debug *d, const struct die_place *place, enum ctype_kind kind, Dwarf_Die *ret);

/* The type of a DIE's DW_AT_type; void where it has none.  dwarf_type.c */
const struct ctype *dwarf_type_of(struct debug *d, Dwarf_Die *die);
/* The type that a DIE is. */
const struct ctype *dwarf_type_from(struct debug *d, Dwarf_Die *die);
enum ctype_kind dwarf_record_kind(int tag);
bool dwarf_number(Dwarf_Die *die, unsigned int attribute, uint64_t *ret);
/* Bytes from the start of the record; false: worked out at run time only (a virtual base). */
bool dwarf_member_offset(Dwarf_Die *die, uint64_t *ret);
bool dwarf_is_data_member(Dwarf_Die *die);
const char *dwarf_name(Dwarf_Die *die); /* "" none; the specification's or origin's, too */

#endif
