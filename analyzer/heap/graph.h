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
void graph_deinit(struct heap *h);

#endif
