/* SPDX-License-Identifier: MIT */
/*
 * Looking ahead.  Whoever goes through the words of all blocks waits for memory most of the time
 * where the heap is larger than the processor's caches: every word leads somewhere else.
 */
#ifndef HEAP_AHEAD_H
#define HEAP_AHEAD_H

#include "heap/heap.h"

/*
 * Before the words of block n are looked up, in a walk over all blocks in order: fetches what will
 * be asked about those of the blocks that come soon and are not passed over.  Changes nothing; any
 * thread.
 */
void heap_look_ahead(const struct heap *h, node_id n,
		     bool (*is_wanted)(const struct heap *h, node_id n));

#endif
