/* SPDX-License-Identifier: MIT */
/*
 * glibc's heap as its own headers in memory tell it: what belongs to the allocator, and how much of
 * it is in use.  The snapshot child only; every read is guarded.
 */
#ifndef SNAP_HEAP_H
#define SNAP_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "snap/areas.h"

#define HEAP_NR_ARENAS 256	/* that are told apart; the last takes the rest */

struct heap_arena {
	uint64_t arena;		/* address of its malloc_state; 0: the main arena */
	uint64_t nr_blocks;
	uint64_t requested, usable;	/* bytes in live blocks */
	uint64_t mapped; /* bytes of its heaps that are readable (main arena: the brk heap) */
};

struct heap_stats {
	struct heap_arena arenas[HEAP_NR_ARENAS];	/* [0] is the main arena */
	uint32_t nr_arenas;
	uint64_t nr_mmapped, mmapped_requested,
		mmapped_usable; /* blocks that are mappings of their own */
	uint64_t nr_odd;	/* blocks whose chunk header makes no sense */
};

/* Finds the heaps of arenas other than the main one in an anonymous mapping: each 64 MB aligned
 * place that looks like one. */
void heap_find_arenas(uint64_t start, uint64_t end, struct areas *layout, struct heap_stats *s);

enum heap_block_kind {
	HEAP_MAIN,
	HEAP_ARENA,
	HEAP_MMAPPED,
	HEAP_ODD,	/* no chunk header of glibc's in front */
};

/* A block of the malloc plane: adds it up.  *start, *end: its own mapping where it is HEAP_MMAPPED.
 */
enum heap_block_kind heap_add_block(struct heap_stats *s, uint64_t addr, uint64_t size,
				    uint64_t *start, uint64_t *end);

#endif
