/* SPDX-License-Identifier: MIT */
/*
 * Objects that lie in arenas: slabs, pools, chunks of an allocator of the program's own.  They are
 * no blocks, so no nodes: sets and tables have the arena, which counts once, with all its bytes.
 * They are listed (describe), counted (info), and made blocks of their own where that is asked for
 * (--interior), and then their bytes are no more the arena's.
 */
#ifndef HEAP_INTERIOR_H
#define HEAP_INTERIOR_H

#include "heap/heap.h"

struct interior {
	uint64_t addr;
	uint64_t size; /* what is known to be its own: up to the next one at most */
	node_id arena;
	uint32_t type;
};

/* In any order, before heap_sort_interiors.  What is a block already is no interior object. */
void heap_add_interior(struct heap *h, struct interior i);
/* By address, without those that overlap the one before; once, when all are there. */
void heap_sort_interiors(struct heap *h);
/* Those of a block, by address, *nr of them. */
const struct interior *heap_find_interiors(const struct heap *h, node_id arena, size_t *nr);

#endif
