/* SPDX-License-Identifier: MIT */
/*
 * Whole stacks that a thread has had before, so that one that comes again is not even stepped
 * through.
 *
 * Of each there is every word that unwinding it reads (return addresses; the saved rbp where a
 * frame further out is found by it; where a function has aligned its stack, the word that says
 * where it was), with the address it lies at.  Where the caller's place is the same and the words
 * are, read in the order of unwinding, unwinding would come to the same stack: nothing is assumed
 * but that the code is the same (recall_forget where it may not be).  Stacks that go on alike
 * further out share their words.
 *
 * By the thread itself, inside the door.
 */
#ifndef STACK_RECALL_H
#define STACK_RECALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stack/chain.h"
#include "stack/growth.h"
#include "stack/place.h"
#include "stack/step.h"

#define RECALL_CHAINS	    16
#define RECALL_SITES_SHIFT  10
#define RECALL_SETS_SHIFT   10
#define RECALL_LIKELY_SHIFT 12
#define RECALL_WAYS	    4
#define RECALL_WORDS	    32768 /* indices are 16 bits */
#define RECALL_FIRST_WORDS  512

struct stack_word {
	const uint64_t *slot; /* &recall_mark: goes on at index `value`, which 0 is the end */
	uint64_t value;
};
/* No index: words are compared until one differs, and only then it is asked whether it was one. */
extern const uint64_t recall_mark __attribute__((visibility("hidden")));

struct known_stack {
	uint64_t pc, sp;  /* of the caller's place; pc 0: empty */
	uint32_t rbp;	  /* from sp; where needs_rbp */
	uint32_t highest; /* no word lies further out, from sp */
	uint32_t node;	  /* in the depot */
	uint16_t word;	  /* the innermost; the others are at falling indices */
	uint8_t end;	  /* enum trace_end */
	bool needs_rbp;
};
_Static_assert(sizeof(struct known_stack) == 32, "a set of them is two lines");

/* What is known of a return address. */
struct recall_site {
	uint64_t pc;	      /* 0: empty */
	struct cfi_rule rule; /* a step */
	uint64_t outer;	      /* the next frame's sp, from this one's; or too far for any */
	/* Of ours, likely to be that where the program calls us from there. */
	const struct chain *chain;
};

/* What should not be split comes first, as memory so large begins at a line. */
struct recall {
	struct known_stack stacks[RECALL_WAYS << RECALL_SETS_SHIFT];
	struct stack_word words[RECALL_WORDS]; /* [nr_words]; the first is the end */
	uint32_t epoch;			       /* of the code (stack/trace.c) */
	uint32_t depth;			       /* that the nodes are of */
	struct stack_range range;
	uint32_t last_chain, nr_words;
	uint32_t max_words;  /* of them before all stacks are forgotten */
	uint32_t nr_lost;    /* stacks that others have pushed out since they were */
	struct growth sets;  /* of stacks */
	struct recall_site sites[1u << RECALL_SITES_SHIFT];
	struct chain chains[RECALL_CHAINS];
	uint16_t likely[1u << RECALL_LIKELY_SHIFT]; /* stacks; by place and next return address */
};

PLACE_INLINE struct recall_site *recall_get_site(struct recall *r, uint64_t pc)
{
	return &r->sites[pc * 0x9e3779b97f4a7c15 >> (64 - RECALL_SITES_SHIFT)];
}

/* RECALL_WAYS of them, as stacks that differ further out only come by turns. */
PLACE_INLINE struct known_stack *recall_get_set(struct recall *r, uint64_t pc, uint64_t sp,
						uint64_t outer, uint64_t next)
{
	const uint64_t hash = (pc ^ sp << 28 ^ outer << 14 ^ next << 7) * 0x9e3779b97f4a7c15;

	return &r->stacks[RECALL_WAYS * (hash >> (64 - RECALL_SETS_SHIFT) & r->sets.mask)];
}

PLACE_INLINE bool recall_is_word(const struct stack_word *w)
{
	return __builtin_expect(*w->slot == w->value, 1);
}

/* Is all of it still so, from that word on? */
PLACE_INLINE bool recall_holds(const struct recall *r, uint32_t word)
{
	const struct stack_word *w = &r->words[word];

	for (;;) {
		while (recall_is_word(w) && recall_is_word(--w) && recall_is_word(--w) &&
		       recall_is_word(--w))
			w--;
		if (w->slot != &recall_mark)
			return false;
		if (!w->value)
			return true;
		w = &r->words[w->value];
	}
}

#define RECALL_NO_RBP UINT64_MAX /* it is not known; stacks that need it are others then */

PLACE_INLINE bool recall_is(const struct recall *r, const struct known_stack *s, struct place at)
{
	return s->pc == at.pc && s->sp == at.sp && s->highest < r->range.high - at.sp &&
	       (!s->needs_rbp || at.sp + (uint64_t)(int32_t)s->rbp == at.rbp) &&
	       recall_holds(r, s->word);
}

/* Likely to be the stack that has its innermost frame there, by the return address of the next. */
PLACE_INLINE uint16_t *recall_get_likely(struct recall *r, uint64_t pc, uint64_t sp, uint64_t outer)
{
	const uint64_t hash = (pc ^ sp << 28 ^ outer << 14) * 0x9e3779b97f4a7c15;

	return &r->likely[hash >> (64 - RECALL_LIKELY_SHIFT)];
}

/* The sp of the next frame, whose return address lies before it, where a constant says that. */
PLACE_INLINE const uint64_t *recall_find_outer(struct recall *r, uint64_t pc, uint64_t sp)
{
	const struct recall_site *const site = recall_get_site(r, pc);
	const uint64_t outer = sp + site->outer;

	return site->pc == pc && outer <= r->range.high ? (const uint64_t *)outer : NULL;
}

/* That where the likely one is not it. */
const struct known_stack *recall_find_less_likely(struct recall *r, uint64_t pc, uint64_t sp,
						  const uint64_t *outer);

/* The same as recall_find where rbp is not needed, by pc and sp, which is in the range. */
PLACE_INLINE const struct known_stack *recall_find_likely(struct recall *r, uint64_t pc,
							  uint64_t sp)
{
	const uint64_t *const outer = recall_find_outer(r, pc, sp);

	if (!outer)
		return NULL;
	const struct known_stack *const s = &r->stacks[*recall_get_likely(r, pc, sp, outer[-1])];

	return recall_is(r, s, (struct place){ pc, sp, RECALL_NO_RBP })
		       ? s
		       : recall_find_less_likely(r, pc, sp, outer);
}

/* The stack that has its innermost frame there, or NULL.  `at` is in the range.  No word is read
 * but where a rule or an equal word says that a frame is. */
const struct known_stack *recall_find(struct recall *r, struct place at);

/* For a stack that is called from `caller`, *at being a place of ours, which becomes the caller's.
 * NULL: it is not known, or the frames of ours are not as they were the last time. */
PLACE_INLINE const struct known_stack *recall_find_caller(struct recall *r, struct place *at,
							  uint64_t caller)
{
	const struct recall_site *const site = recall_get_site(r, caller);

	return site->pc == caller && chain_follow(site->chain, at, caller) ? recall_find(r, *at)
									   : NULL;
}

/* All of it. */
void recall_forget(struct recall *r);

/* Room for `max` words more, or all stacks and words are forgotten: false.  Room grows while most
 * words are of stacks that are still known. */
bool recall_make_room(struct recall *r, uint32_t max);
/* One more word, which unwinding reads before word `outer` (0: it is the last).  Its index. */
uint32_t recall_add_word(struct recall *r, uint32_t outer, uint64_t slot, uint64_t value);

/* A frame that is left by this rule; of the first two of each stack it has to be known. */
void recall_note_site(struct recall *r, uint64_t pc, struct cfi_rule rule);
/* The program calls us from there by way of the last chain. */
void recall_note_chain(struct recall *r, uint64_t caller);
/* A stack, where its words are, and the return addresses of the next two frames further out. */
void recall_add(struct recall *r, const struct known_stack *s, uint64_t outer, uint64_t next);

#endif
