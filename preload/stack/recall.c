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

void recall_note_site(struct recall *r, uint64_t pc, struct cfi_rule rule)
{
	struct recall_site *const site = recall_get_site(r, pc);

	*site = (struct recall_site){ pc, rule, site->pc == pc ? site->chain : 0 };
}

void recall_add(struct recall *r, const struct known_stack *s, uint64_t outer, uint64_t next)
{
	struct known_stack *const pair = recall_get_pair(r, s->pc, s->sp, outer, next);

	recall_get_site(r, s->pc)->chain = r->last_chain;
	pair[1] = pair[0];
	pair[0] = *s;
}
