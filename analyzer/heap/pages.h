/* SPDX-License-Identifier: MIT */
/*
 * A set of pages that tells of nearly all words at once that they do not lead to one of a few
 * blocks: a walk over all words need not look these up.
 */
#ifndef HEAP_PAGES_H
#define HEAP_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#define PAGES_SHIFT 12
#define PAGES_BITS  (1u << 18) /* pages that far apart share a bit */

struct pages {
	uint64_t low, high; /* all that was added lies in [low, high]; low > high: nothing */
	uint64_t bits[PAGES_BITS / 64];
};

/* The caller frees it. */
struct pages *pages_create(void);
void pages_add(struct pages *p, uint64_t addr, uint64_t size);

/* May the word lead to or into something that was added? */
static inline bool pages_may_have(const struct pages *p, uint64_t word)
{
	const uint64_t page = word >> PAGES_SHIFT;

	return word - p->low <= p->high - p->low &&
	       p->bits[page % PAGES_BITS / 64] >> page % 64 & 1;
}

#endif
