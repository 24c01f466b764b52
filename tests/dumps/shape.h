/* SPDX-License-Identifier: MIT */
/*
 * Shapes of heaps, for big.c: what the i-th of nr blocks is.  A new one is a row in shape.c.
 */
#ifndef SHAPE_H
#define SHAPE_H

#include <stdint.h>

#define SHAPE_BASE    0x7f0000000000ull /* of the first block */
#define SHAPE_STRIDE  96u		/* from a block to the next */
#define SHAPE_NR_TAGS 10u

enum shape_flags {
	SHAPE_LABELLED = 1, /* each block has a label of its own, and a relation of its own name */
	SHAPE_NESTED = 2,   /* they all lie in one more block */
};

struct shape {
	const char *name, *summary;
	uint32_t (*size)(uint64_t i); /* <= SHAPE_STRIDE */
	/* Its contents: out is zeroed and of that size. */
	void (*fill)(uint64_t i, uint64_t nr, uint8_t *out);
	uint16_t (*tag)(uint64_t i); /* 1 .. SHAPE_NR_TAGS; 0: none */
	/* How many there are for nr blocks; block i has the i-th of them, and again from the first
	 * on. */
	uint32_t (*nr_stacks)(uint64_t nr), (*nr_threads)(uint64_t nr), (*nr_modules)(uint64_t nr);
	/* Of a block behind all others, whose k-th word leads to block k % nr; NULL: there is none.
	 */
	uint64_t (*array_words)(uint64_t nr);
	unsigned int flags;
};

extern const struct shape shapes[]; /* ended by a row without a name */

static inline uint64_t shape_addr(uint64_t i)
{
	return SHAPE_BASE + i * SHAPE_STRIDE;
}

#endif
