/* SPDX-License-Identifier: MIT */
/*
 * The edges of a heap: made once, in both directions.
 */
#ifndef HEAP_GRAPH_H
#define HEAP_GRAPH_H

#include "heap/heap.h"

/* Fills h->out_* and h->in_*; types must be known, for text has no edges.  exact_edges: leaves out
 * what is neither exact nor interior. */
struct error *graph_create(struct heap *h, bool exact_edges, const struct progress *progress)
	__attribute__((warn_unused_result));
/*
 * Is the word of a root, which points into block `to`, a link to a free chunk?  glibc's lists point
 * at the headers of free chunks, and a chunk's header begins in the last word of the block before
 * it, where that uses all of its room.  No program points there from the C library's data.
 */
bool graph_is_free_link(const struct root *r, const struct dump_blocks *b, node_id to,
			uint64_t word);
void graph_deinit(struct heap *h);

#endif
