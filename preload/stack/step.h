/* SPDX-License-Identifier: MIT */
/*
 * One step from a frame to its caller's, by the rules of stack/cfi.h, reading only what is there:
 * rules of hand-written code may be wrong, and where a stack ends is not known.
 *
 * By the thread itself, inside the door; keeps errno.
 */
#ifndef STACK_STEP_H
#define STACK_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "stack/cfi.h"
#include "stack/growth.h"
#include "stack/place.h"

#define STEP_RULES_SHIFT 12
#define STEP_GAP_MAX	 (8ul << 20) /* from one frame to the next, on one stack */

/* Rules by return address, two of each hash. */
struct known_rules {
	struct growth pairs;
	struct {
		uint64_t pc; /* 0: empty */
		struct cfi_rule rule;
	} items[1u << STEP_RULES_SHIFT][2];
};

void step_forget_rules(struct known_rules *known);

/* Of a return address that `known` has not in its first place. */
struct cfi_rule step_find_rule_slow(struct known_rules *known, uint64_t pc);

static inline uint32_t step_hash(uint64_t pc)
{
	return (uint32_t)(pc * 0x9e3779b97f4a7c15 >> (64 - STEP_RULES_SHIFT));
}

PLACE_INLINE struct cfi_rule step_find_rule(struct known_rules *known, uint64_t pc)
{
	const typeof(known->items[0][0]) *const k =
		known->items[step_hash(pc) & known->pairs.mask];

	return __builtin_expect(k->pc == pc, 1) ? k->rule : step_find_rule_slow(known, pc);
}

/* Is the word at addr, which is further out than what is known of the stack, there? */
bool step_look_further(struct stack_range *range, uint64_t addr);

PLACE_INLINE bool step_read(struct stack_range *range, uint64_t addr, uint64_t *value)
{
	if (__builtin_expect(addr - range->low >= range->high - range->low || addr % 8, 0) &&
	    !step_look_further(range, addr))
		return false;
	*value = *(const uint64_t *)addr;
	return true;
}

PLACE_INLINE bool step_find_outer_sp(struct stack_range *range, struct place at,
				     struct cfi_rule rule, uint64_t *sp)
{
	const uint64_t offset = (uint64_t)(int64_t)rule.offset;

	if (rule.base == CFI_RSP)
		*sp = at.sp + offset;
	else if (rule.base == CFI_RBP)
		*sp = at.rbp + offset;
	else if (!step_read(range, at.rbp + offset, sp))
		return false;
	return *sp > at.sp; /* stacks grow down */
}

/* Where a frame saved its caller's rbp. */
PLACE_INLINE uint64_t step_rbp_slot(struct place at, struct cfi_rule rule, uint64_t outer_sp)
{
	return (rule.rbp == CFI_RBP_AT_RBP ? at.rbp : outer_sp) +
	       (uint64_t)(int64_t)rule.rbp_offset;
}

/* To the caller's place.  False: the words that it needs are not there. */
PLACE_INLINE bool step(struct stack_range *range, struct place *at, struct cfi_rule rule)
{
	struct place outer = { .rbp = at->rbp };

	if (!step_find_outer_sp(range, *at, rule, &outer.sp) ||
	    !step_read(range, outer.sp - 8, &outer.pc) ||
	    (rule.rbp != CFI_RBP_SAME &&
	     !step_read(range, step_rbp_slot(*at, rule, outer.sp), &outer.rbp)))
		return false;
	*at = outer;
	return true;
}

/* The page of sp is there: a frame of ours lies in it or further in. */
void step_begin(struct stack_range *range, int32_t tid, uint64_t sp);
/* Nothing but that is known any more. */
void step_forget(struct stack_range *range);

#endif
