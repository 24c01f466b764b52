/* SPDX-License-Identifier: MIT */
/*
 * Types of native blocks by debug information.  One struct native a heap; it lives as long as the
 * heap, because names of relations and fields are looked up when they are printed.
 */
#ifndef TYPING_NATIVE_NATIVE_H
#define TYPING_NATIVE_NATIVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "heap/heap.h"

struct ctype;
struct debug;

struct native {
	struct heap *heap;
	struct debug **modules; /* [nr_modules] NULL until asked for; debug.h */
	size_t nr_modules;

	/* ctype.c */
	struct map types;    /* (name, kind | size), layout -> struct ctype * */
	struct map pointers; /* (target, 0) -> struct ctype * */
	struct map arrays;   /* (element, nr) -> struct ctype * */
	struct map counted;  /* (element, nr) -> struct ctype * */
	void **allocations;  /* freed with the heap */
	size_t nr_allocations, allocations_room;

	/* dwarf_type.c */
	struct map die_types; /* (address of a DIE's bytes, name given by a typedef) -> struct ctype
			       * */
	struct map type_sources;     /* (struct ctype *, 0) -> struct type_source *; unit.h */
	unsigned int complete_depth; /* dwarf_record.c */

	struct native_block *blocks; /* [nr_objects] block.h; NULL: there is no debug information */
	struct native_conflict {
		const struct ctype *one, *other;
	} * conflicts;
	size_t nr_conflicts, conflicts_room;
	struct native_inner { /* inner.h */
		node_id block;
		uint64_t offset;
		const struct ctype *type;
	} * inners;
	size_t nr_inners, inners_room;
	bool has_followed_roots; /* propagate.c */
	struct map inner_index;	 /* (address, type) -> 1, of those and of what was none */
	struct map bases;	 /* (type, 0) -> do others begin with it; family.c */
	struct map layouts;	 /* (type, 0) -> struct layout *; layout.c */
	struct map paths;	 /* (type, offset) -> struct path *; relation.c */

	struct map uses; /* (type, offset) -> enum word_use; use.c */

	/* container.c */
	struct map container_types; /* (ctype, 0) -> struct container_type *, NULL: none */
	struct map container_parts; /* (container_type, role and size), (ctype, role) -> ctype */

	struct map site_types;	  /* (return address, 0) -> struct site_types *; site.c */
	struct map union_targets; /* (union, offset and size) -> struct ctype *; union.c */
	struct map returned;	  /* (entry of a function, argument) -> does it return it; flow.c */
	unsigned int nr_callees;  /* that are followed, one out of the other; flow.c */
	uintptr_t decoder;	  /* capstone's handle, 0: not opened; flow.c */
};

/* Before all else: begins to open what has debug information and is not in the cache. */
void native_read_ahead(struct heap *h);
struct native *native_create(struct heap *h);
void native_destroy(struct native *n); /* NULL is fine */
/* Is no debug information of modules that were asked in a file that is not here? */
bool native_is_complete(const struct native *n);
/* Zeroed memory that lives as long as n. */
void *native_alloc(struct native *n, size_t nr, size_t size);
/* Memory from elsewhere becomes n's. */
void *native_keep(struct native *n, void *p);

#endif
