/* SPDX-License-Identifier: MIT */
/*
 * Before there is a graph: who points where into some blocks, for recognisers that need to know.
 */
#ifndef TYPING_POINTED_H
#define TYPING_POINTED_H

#include "heap/heap.h"

/* A word of the dump leads into block `to`. */
struct pointed {
	node_id from;	      /* block or root */
	const uint8_t *bytes; /* of from */
	uint64_t size, at;    /* of bytes, and where the word is in them */
	node_id to;
	uint64_t offset; /* in to */
};
typedef void pointed_fn(void *arg, const struct pointed *p);

/* Calls fn for every aligned word of blocks (but for text and the like) and of roots that leads
 * into a block that is marked in wanted[nr_objects]. */
void pointed_each(const struct heap *h, const uint8_t *wanted, pointed_fn *fn, void *arg);

#endif
