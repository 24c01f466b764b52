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
#include "stack/place.h"
#include "stack/step.h"

#define RECALL_CHAINS	   16
#define RECALL_SITES_SHIFT 10
#define RECALL_SHIFT	   12
#define RECALL_WORDS	   8192 /* indices are 16 bits */

struct stack_word {
	uint64_t slot; /* its address; RECALL_JUMP: goes on at index `value`; RECALL_END: no more */
	uint64_t value;
};
enum { RECALL_JUMP = 1, RECALL_END = 2 };

struct known_stack {
	uint64_t pc, sp;  /* of the caller's place; pc 0: empty */
	uint32_t rbp;	  /* from sp; where needs_rbp */
	uint32_t highest; /* no word lies further out, from sp */
	uint32_t node;	  /* in the depot */
	uint16_t word;	  /* the innermost; the others are at falling indices */
	uint8_t end;	  /* enum trace_end */
	bool needs_rbp;
};
_Static_assert(sizeof(struct known_stack) == 32, "two of them, which are looked at, are a line");

/* What is known of a return address. */
struct recall_site {
	uint64_t pc;	      /* 0: empty */
	struct cfi_rule rule; /* a step */
	uint32_t chain;	      /* of ours, likely to be that where the program calls us from there */
};

/* What should not be split comes first, as memory so large begins at a line. */
struct recall {
	struct known_stack stacks[1u << RECALL_SHIFT];
	struct stack_word words[RECALL_WORDS]; /* [nr_words]; the first is an end */
	uint32_t epoch;			       /* of the code (stack/trace.c) */
	uint32_t depth;			       /* that the nodes are of */
	struct stack_range range;
	uint32_t last_chain, nr_words;
	struct recall_site sites[1u << RECALL_SITES_SHIFT];
	struct chain chains[RECALL_CHAINS];
};

PLACE_INLINE struct recall_site *recall_get_site(struct recall *r, uint64_t pc)
{
	return &r->sites[pc * 0x9e3779b97f4a7c15 >> (64 - RECALL_SITES_SHIFT)];
}

/* Two, as stacks that differ further out only come by turns. */
PLACE_INLINE struct known_stack *recall_get_pair(struct recall *r, uint64_t pc, uint64_t sp,
						 uint64_t outer, uint64_t next)
{
	const uint64_t hash = (pc ^ sp << 28 ^ outer << 14 ^ next << 7) * 0x9e3779b97f4a7c15;

	return &r->stacks[hash >> (64 - RECALL_SHIFT + 1) << 1];
}

/* Is all of it still so, from that word on? */
PLACE_INLINE bool recall_holds(const struct recall *r, uint32_t word)
{
	const struct stack_word *w = &r->words[word];

	for (;;) {
		const uint64_t slot = w->slot;

		if (__builtin_expect(slot & (RECALL_JUMP | RECALL_END), 0)) {
			if (slot & RECALL_END)
				return true;
			w = &r->words[w->value];
			continue;
		}
		if (*(const uint64_t *)slot != w->value)
			return false;
		w--;
	}
}

PLACE_INLINE bool recall_is(const struct recall *r, const struct known_stack *s, struct place at)
{
	return s->pc == at.pc && s->sp == at.sp && s->highest < r->range.high - at.sp &&
	       (!s->needs_rbp || at.sp + (uint64_t)(int32_t)s->rbp == at.rbp) &&
	       recall_holds(r, s->word);
}

/* To the next frame.  False: nothing is known of this one. */
PLACE_INLINE bool recall_step(struct recall *r, struct place *at)
{
	const struct recall_site *const site = recall_get_site(r, at->pc);

	return site->pc == at->pc && step(&r->range, at, site->rule);
}

/* The stack that has its innermost frame there, or NULL.  `at` is in the range.  No word is read
 * but where a rule or an equal word says that a frame is. */
PLACE_INLINE const struct known_stack *recall_find(struct recall *r, struct place at)
{
	struct place outer = at, next;

	if (!recall_step(r, &outer))
		return NULL;
	next = outer;
	if (!recall_step(r, &next))
		return NULL;
	const struct known_stack *const pair =
		recall_get_pair(r, at.pc, at.sp, outer.pc, next.pc);

	if (recall_is(r, pair, at))
		return pair;
	return recall_is(r, pair + 1, at) ? pair + 1 : NULL;
}

/* For a stack that is called from `caller`, *at being a place of ours, which becomes the caller's.
 * NULL: it is not known, or the frames of ours are not as they were the last time. */
PLACE_INLINE const struct known_stack *recall_find_caller(struct recall *r, struct place *at,
							  uint64_t caller)
{
	return chain_follow(&r->chains[recall_get_site(r, caller)->chain], at, caller)
		       ? recall_find(r, *at)
		       : NULL;
}

/* All of it. */
void recall_forget(struct recall *r);

/* Room for `max` words more, or all stacks and words are forgotten: false. */
bool recall_make_room(struct recall *r, uint32_t max);
/* One more word, which unwinding reads before word `outer` (0: it is the last).  Its index. */
uint32_t recall_add_word(struct recall *r, uint32_t outer, uint64_t slot, uint64_t value);

/* A frame that is left by this rule; of the first two of each stack it has to be known. */
void recall_note_site(struct recall *r, uint64_t pc, struct cfi_rule rule);
/* A stack, where its words are, and the return addresses of the next two frames further out. */
void recall_add(struct recall *r, const struct known_stack *s, uint64_t outer, uint64_t next);

#endif
