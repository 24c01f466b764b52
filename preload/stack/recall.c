/* SPDX-License-Identifier: MIT */
/*
 * Keeps stacks (stack/recall.h).
 */
#include "stack/recall.h"

#include <string.h>

#include "rt/ban.h"

#define OUTER_NONE (1ul << 62) /* beyond all stacks */

const uint64_t recall_mark = UINT64_MAX;

/* To the next frame.  False: nothing is known of this one. */
static bool step_known(struct recall *r, struct place *at)
{
	const struct recall_site *const site = recall_get_site(r, at->pc);

	return site->pc == at->pc && step(&r->range, at, site->rule);
}

static const struct known_stack *find_in_set(struct recall *r, struct place at, uint64_t outer,
					     uint64_t next)
{
	const struct known_stack *const set = recall_get_set(r, at.pc, at.sp, outer, next);

	for (uint32_t i = 0; i < RECALL_WAYS; i++)
		if (recall_is(r, &set[i], at)) {
			*recall_get_likely(r, at.pc, at.sp, outer) =
				(uint16_t)(&set[i] - r->stacks);
			return &set[i];
		}
	return NULL;
}

const struct known_stack *recall_find_less_likely(struct recall *r, uint64_t pc, uint64_t sp,
						  const uint64_t *outer)
{
	const struct place at = { pc, sp, RECALL_NO_RBP };
	const uint64_t *const next = recall_find_outer(r, outer[-1], (uint64_t)outer);

	return next ? find_in_set(r, at, outer[-1], next[-1]) : NULL;
}

const struct known_stack *recall_find(struct recall *r, struct place at)
{
	struct place outer = at, next;

	if (!step_known(r, &outer))
		return NULL;
	next = outer;
	return step_known(r, &next) ? find_in_set(r, at, outer.pc, next.pc) : NULL;
}

static void forget_stacks(struct recall *r)
{
	memset(r->stacks, 0, RECALL_WAYS * (r->sets.mask + 1ul) * sizeof(*r->stacks));
	r->sets.nr_used = r->nr_lost = 0;
	r->words[0] = (struct stack_word){ .slot = &recall_mark };
	r->nr_words = 1;
}

void recall_forget(struct recall *r)
{
	const bool is_new = !r->nr_words;

	forget_stacks(r);
	if (is_new) /* its pages should come as they are needed */
		return;
	memset(r->sites, 0, sizeof(r->sites));
	memset(r->chains, 0, sizeof(r->chains));
}

bool recall_make_room(struct recall *r, uint32_t max)
{
	const uint32_t needed = r->nr_words + max;

	while (r->max_words < needed && r->max_words < RECALL_WORDS &&
	       r->nr_lost <= r->sets.nr_used)
		r->max_words = r->max_words ? 2 * r->max_words : RECALL_FIRST_WORDS;
	if (needed <= r->max_words)
		return true;
	forget_stacks(r);
	return false;
}

uint32_t recall_add_word(struct recall *r, uint32_t outer, uint64_t slot, uint64_t value)
{
	if (outer != r->nr_words - 1)
		r->words[r->nr_words++] = (struct stack_word){ &recall_mark, outer };
	r->words[r->nr_words] = (struct stack_word){ (const uint64_t *)slot, value };
	return r->nr_words++;
}

void recall_note_site(struct recall *r, uint64_t pc, struct cfi_rule rule)
{
	struct recall_site *const site = recall_get_site(r, pc);

	if (site->pc != pc)
		*site = (struct recall_site){ .pc = pc, .chain = r->chains };
	site->rule = rule;
	site->outer = rule.base == CFI_RSP && rule.offset >= 8 ? (uint64_t)rule.offset : OUTER_NONE;
}

void recall_note_chain(struct recall *r, uint64_t caller)
{
	struct recall_site *const site = recall_get_site(r, caller);

	if (site->pc == caller)
		site->chain = &r->chains[r->last_chain];
}

void recall_add(struct recall *r, const struct known_stack *s, uint64_t outer, uint64_t next)
{
	struct known_stack *const set = recall_get_set(r, s->pc, s->sp, outer, next);

	if (set[RECALL_WAYS - 1].pc)
		r->nr_lost++;
	else
		growth_note_use(&r->sets, RECALL_WAYS, (1u << RECALL_SETS_SHIFT) - 1);
	memmove(&set[1], &set[0], (RECALL_WAYS - 1) * sizeof(*set));
	set[0] = *s;
	*recall_get_likely(r, s->pc, s->sp, outer) = (uint16_t)(set - r->stacks);
}
