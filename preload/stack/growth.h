/* SPDX-License-Identifier: MIT */
/*
 * How much of a table is in use, where it has room for the largest of programs: indices are masked,
 * and the mask grows as the table fills, so that pages come as a thread needs them.
 *
 * What stood in the table stays where it is, whether it is found there any longer or not: for
 * tables that only remember.
 */
#ifndef STACK_GROWTH_H
#define STACK_GROWTH_H

#include <stdint.h>

/* All 0 is a table of one index.  Invariant: mask + 1 is a power of two. */
struct growth {
	uint32_t mask;
	uint32_t nr_used; /* entries */
};

/* One more entry is used.  Twice the table, once half of it is; `ways` entries have one index, and
 * `max` is the mask of it all. */
static inline void growth_note_use(struct growth *g, uint32_t ways, uint32_t max)
{
	if (++g->nr_used > ways * (g->mask + 1) / 2 && g->mask < max)
		g->mask = 2 * g->mask + 1;
}

#endif
