/* SPDX-License-Identifier: MIT */
/*
 * What belongs to a few objects because nothing else holds it: object o is colour c when every
 * reference to it comes from objects of colour c.  Passing references do not count.
 */
#ifndef TYPING_SPREAD_H
#define TYPING_SPREAD_H

#include "heap/heap.h"

/*
 * of: [nr_objects] colours; 0: none.  Those that are set stay.  Needs the graph.
 */
void spread_colours(const struct heap *h, uint32_t *of);

/* A reference from a thread's stack or registers: a thread that works with an object just now, or
 * left a pointer to it behind, does not own it. */
bool spread_is_passing(const struct heap *h, node_id from);

#endif
