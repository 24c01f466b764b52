/* SPDX-License-Identifier: MIT */
/*
 * Frames of ours between the place where a stack is asked for and the program's call.
 *
 * They have frames of constant size, but for one that is found by rbp; so which return addresses
 * lie where is remembered, and while that is so and rbp in that one frame is what it was, from sp,
 * the program's frame is where it was, from sp.
 */
#ifndef STACK_CHAIN_H
#define STACK_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "stack/place.h"

#define CHAIN_FRAMES_MAX 16 /* operator new's chain included */

struct chain {
	uint64_t from;		 /* code address of the place of ours; 0: empty */
	uint32_t caller;	 /* the program's return address is there, from sp */
	uint32_t rbp;		 /* the program's rbp; 0: it is in the register */
	uint32_t base, base_rbp; /* rbp of that frame, from sp, and where it is; base 0: none is */
	uint32_t nr;		 /* of frames[] */
	struct {
		uint64_t pc;
		uint32_t slot; /* it lies there, from sp */
	} frames[CHAIN_FRAMES_MAX];
};

PLACE_INLINE uint64_t chain_rbp(const struct place *at, uint32_t slot)
{
	return slot ? *(const uint64_t *)(at->sp + slot) : at->rbp;
}

/* Goes from a place of ours to the frame that is at `caller`.  False: the chain is another one. */
PLACE_INLINE bool chain_follow(const struct chain *c, struct place *at, uint64_t caller)
{
	if (c->from != at->pc)
		return false;
	for (uint32_t i = 0; i < c->nr; i++)
		if (*(const uint64_t *)(at->sp + c->frames[i].slot) != c->frames[i].pc)
			return false;
	const uint64_t slot = at->sp + c->caller;

	if (*(const uint64_t *)slot != caller ||
	    (__builtin_expect(c->base, 0) && chain_rbp(at, c->base_rbp) != at->sp + c->base))
		return false;
	*at = (struct place){ caller, slot + 8, chain_rbp(at, c->rbp) };
	return true;
}

#endif
