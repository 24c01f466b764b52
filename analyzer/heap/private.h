/* SPDX-License-Identifier: MIT */
/*
 * What the heap room keeps behind struct heap: options and the caches of names.  Filled lazily;
 * only heap/ looks inside.
 */
#ifndef HEAP_PRIVATE_H
#define HEAP_PRIVATE_H

#include "base/intern.h"
#include "base/map.h"
#include "heap/heap.h"

struct heap_private {
	struct heap_options options;
	struct intern *names; /* every name that the heap hands out */
	struct map types;     /* (interned name, provenance) -> index in heap->types */
	uint32_t types_room;

	const char **site_names; /* [nr stack nodes], NULL until asked for */
	uint32_t *site_frames; /* [nr stack nodes] node that names the site + 1; 0: not known yet */

	const char **added_wrappers; /* [nr_added_wrappers] interned: heap_add_wrapper */
	size_t nr_added_wrappers, added_wrappers_room;
	struct map wrappers; /* (interned function name, 0) -> is an allocation wrapper */

	/* Interned names: of untyped blocks' words by (word offset, is an array), of roots' by
	 * (node, word offset), with the place in the target by (name, place), with the type by
	 * (type's name, name). */
	struct map relations;
	struct map root_relations;
	char *edge_notes; /* of an outline whose edges were counted: texts each with a 0 */
	size_t edge_notes_len;
	struct map root_uses; /* enum word_use of roots' words, by (node, word offset) */
	struct map joined;
	struct map qualified;
	struct frames *frames;	  /* heap/frame.h: NULL until a stack word is named */
	uint64_t *register_words; /* [nr registers] what the register roots' bytes point at */
};

/* A heap without nodes and types. */
struct heap *heap_create_empty(const struct dump *d, const struct heap_options *options);
/* Room for the names of sites, of a dump whose stacks have been read. */
void heap_need_sites(struct heap *h);
/* The function of that interned name is an allocation wrapper. */
void heap_add_wrapper_named(struct heap *h, const char *function);
/* What RELN calls the word of a block; NULL where it says nothing. */
const char *heap_given_name(const struct heap *h, node_id from, uint64_t offset);

#endif
