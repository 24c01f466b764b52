/* SPDX-License-Identifier: MIT */
/*
 * Pieces of the address space with a meaning, in the snapshot child: what memory is dumped, as
 * what.  Meanings are painted over each other; the greater enum area_kind wins.  Memory comes from
 * the child's bump allocator; running out is remembered in `failed`.
 */
#ifndef SNAP_AREAS_H
#define SNAP_AREAS_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/bump.h"

/* In the order of who wins. */
enum area_kind {
	AREA_READ_ONLY,	 /* not writable, or shared: not dumped */
	AREA_ANONYMOUS,	 /* private writable memory of unknown use */
	AREA_DATA,	 /* writable segments of a module */
	AREA_HEAP,	 /* the allocator's */
	AREA_DEAD_STACK, /* of a thread that has gone */
	AREA_MAPPED,	 /* blocks whose contents stand elsewhere (BMEM), or nowhere (arenas) */
	AREA_BLOCK,	 /* a large block */
	AREA_TLS,
	AREA_STACK,
	AREA_STACK_FREE, /* below a living thread's stack pointer */
	AREA_PROFILER,
};

struct area {
	uint64_t start, end;
	uint32_t kind;		/* enum area_kind */
	int32_t tid;		/* of stacks and TLS, else 0 */
};

struct areas {
	struct bump *bump;
	struct area *items;
	uint64_t nr, room;
	bool failed;		/* items are missing */
};

void areas_init(struct areas *a, struct bump *b);

/* Empty and backward areas are left out. */
void areas_add(struct areas *a, uint64_t start, uint64_t end, enum area_kind kind, int32_t tid);

/* Sorts by start, in place. */
void areas_sort(struct areas *a);

/* Sorts `in`, then appends to `out` what can be seen of it: ascending, not overlapping. */
void areas_flatten(struct areas *in, struct areas *out);

/* The item of a flat list that holds addr, or NULL. */
const struct area *areas_find(const struct areas *a, uint64_t addr);

#endif
