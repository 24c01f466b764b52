/* SPDX-License-Identifier: MIT */
/*
 * Keeps stacks (stack/recall.h).
 */
#include "stack/recall.h"

#include <string.h>

#include "rt/ban.h"

static void forget_stacks(struct recall *r)
{
	if (r->nr_words) /* else it is new: its pages should come as they are needed */
		memset(r->stacks, 0, sizeof(r->stacks));
	r->words[0] = (struct stack_word){ .slot = RECALL_END };
	r->nr_words = 1;
}

void recall_forget(struct recall *r)
{
	forget_stacks(r);
	memset(r->sites, 0, sizeof(r->sites));
	memset(r->chains, 0, sizeof(r->chains));
}

bool recall_make_room(struct recall *r, uint32_t max)
{
	if (max <= RECALL_WORDS - r->nr_words)
		return true;
	forget_stacks(r);
	return false;
}

uint32_t recall_add_word(struct recall *r, uint32_t outer, uint64_t slot, uint64_t value)
{
	if (outer != r->nr_words - 1)
		r->words[r->nr_words++] = (struct stack_word){ RECALL_JUMP, outer };
	r->words[r->nr_words] = (struct stack_word){ slot, value };
	return r->nr_words++;
}

static void note_site(struct recall *r, struct place at, struct place outer, uint32_t chain)
{
	*recall_get_site(r, at.pc) =
		(struct recall_site){ at.pc, (uint32_t)(outer.sp - 8 - at.sp), chain };
}

void recall_add(struct recall *r, const struct known_stack *s, struct place outer,
		struct place next)
{
	struct known_stack *const pair = recall_get_pair(r, s->pc, s->sp, outer.pc, next.pc);
	const struct recall_site *const site = recall_get_site(r, outer.pc);

	note_site(r, outer, next, site->pc == outer.pc ? site->chain : 0);
	note_site(r, (struct place){ .pc = s->pc, .sp = s->sp }, outer, r->last_chain);
	pair[1] = pair[0];
	pair[0] = *s;
}
