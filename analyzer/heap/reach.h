/* SPDX-License-Identifier: MIT */
/*
 * Which objects a root leads to.  The others are alive for the allocator only: leaked, or (objects
 * of CPython) kept by a cycle that its collector has not met yet.
 */
#ifndef HEAP_REACH_H
#define HEAP_REACH_H

#include "heap/heap.h"

/* [nr_objects], not 0: reachable.  Needs the graph; the caller frees it. */
uint8_t *reach_create(const struct heap *h);

#endif
