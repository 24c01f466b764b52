/* SPDX-License-Identifier: MIT */
/*
 * Steps through frames, and stops where the last stack goes on unchanged (stack/trace.h).
 */
#include "stack/trace.h"

#include <stddef.h>

#include <heapcensus/dump_format.h>

#include "rt/private.h"
#include "stack/cfi.h"
#include "stack/depot.h"
#include "stack/step.h"
#include "stack/unwind.h"
#include "rt/ban.h"

#define FRAMES_MAX   512 /* of a remembered stack */
#define SHORT_TRACES 255
_Static_assert(UNWIND_DEPTH_MAX <= FRAMES_MAX, "a stack that is cut is read into as many frames");
#define NR_COLUMNS 2 /* depths of a stack that is cut go to and fro over a quantum */

struct frame {
	struct place at;
	struct cfi_rule rule;
	uint32_t nodes[NR_COLUMNS]; /* of this frame and those further out: see column */
	uint32_t word;	  /* the first that unwinding reads from here on (stack/recall.h) */
	bool needs_rbp;	  /* rbp decides about frames further out */
	bool checks_more; /* than the return address: see check_more */
};

/* Nodes of frames root .. nr, the outermost of which has no parent. */
struct column {
	uint32_t root, nr;
};

/* The last stack, and what is known of code. */
struct trace {
	struct recall recall; /* first: trace_find_known */
	uint8_t nr_short;     /* traces that look at no more than they keep, since the last one that
				 did not found more than FRAMES_MAX, which is not remembered */
	uint32_t nr;
	struct frame frames[FRAMES_MAX]; /* [nr] outermost first */
	struct column columns[NR_COLUMNS];
	uint32_t nr_fresh;
	struct frame fresh[FRAMES_MAX]; /* [nr_fresh] innermost first: of the stack being traced */
	struct known_rules rules;
};
_Static_assert(offsetof(struct trace, recall) == 0, "a struct trace is looked at as its recall");

uint32_t trace_epoch;

bool trace_init(void)
{
	return cfi_init();
}

void trace_flush(void)
{
	__atomic_fetch_add(&trace_epoch, 1, __ATOMIC_RELEASE);
}

/* ---- the last stack ---- */

static bool check_more(struct trace *t, const struct frame *f, const struct frame *outer)
{
	uint64_t word = 0;

	if (f->rule.base == CFI_RBP_DEREF &&
	    (!step_find_outer_sp(&t->recall.range, f->at, f->rule, &word) || word != outer->at.sp))
		return false;
	return f->rule.rbp == CFI_RBP_SAME || !outer->needs_rbp ||
	       (step_read(&t->recall.range, step_rbp_slot(f->at, f->rule, outer->at.sp), &word) &&
		word == outer->at.rbp);
}

/* Frame i is as it was.  Is it still where the stack goes on as it did?  *broken: the first that is
 * not. */
static bool goes_on(struct trace *t, uint32_t i, uint32_t *broken)
{
	uint64_t word;

	if (t->frames[0].at.sp <= t->recall.range.high &&
	    recall_holds(&t->recall, t->frames[i].word))
		return true;
	for (; i; i--) {
		const struct frame *const f = &t->frames[i], *const outer = f - 1;

		if (!step_read(&t->recall.range, outer->at.sp - 8, &word) || word != outer->at.pc ||
		    (f->checks_more && !check_more(t, f, outer))) {
			*broken = i - 1;
			return false;
		}
	}
	return true;
}

PLACE_INLINE bool is_same(const struct frame *then, struct place now)
{
	return then->at.sp == now.sp && then->at.pc == now.pc &&
	       (!then->needs_rbp || then->at.rbp == now.rbp);
}

/* How many of the last stack's frames, from the outermost on, the stack goes on with at a place.
 * *nr: those that come into question for it, and for frames further out. */
PLACE_INLINE uint32_t find_shared(struct trace *t, struct place at, uint32_t *nr)
{
	uint32_t broken;

	while (*nr && t->frames[*nr - 1].at.sp < at.sp)
		--*nr;
	if (!*nr || !is_same(&t->frames[*nr - 1], at))
		return 0;
	if (goes_on(t, *nr - 1, &broken))
		return *nr;
	*nr = broken;
	return 0;
}

static inline enum trace_end end_of(struct cfi_rule rule)
{
	switch ((enum cfi_kind)rule.kind) {
	case CFI_END:
		return TRACE_WHOLE;
	case CFI_NO_ENTRY:
		return TRACE_BLIND;
	case CFI_NO_CODE:
		return TRACE_LOST;
	case CFI_STEP:
	case CFI_OTHER:
		break;
	}
	return TRACE_OTHER;
}

/* Steps outwards, keeping what is new in t->fresh, until the last stack is met (*shared of its
 * frames go on) or the stack ends. */
PLACE_INLINE enum trace_end walk(struct trace *t, struct place at, uint32_t max, uint32_t *shared)
{
	uint32_t nr = t->nr, nr_fresh = 0;
	enum trace_end end;

	for (;;) {
		struct frame *const f = &t->fresh[nr_fresh];

		*shared = find_shared(t, at, &nr);
		if (*shared) {
			end = end_of(t->frames[0].rule);
			break;
		}
		end = TRACE_CUT;
		if (nr_fresh == max)
			break;
		const struct cfi_rule rule = step_find_rule(&t->rules, at.pc);

		f->at = at;
		f->rule = rule;
		nr_fresh++;
		if (rule.kind != CFI_STEP) {
			end = end_of(rule);
			break;
		}
		if (!step(&t->recall.range, &at, rule)) {
			end = TRACE_LOST;
			break;
		}
	}
	t->nr_fresh = nr_fresh;
	return end;
}

/* The fresh frames take the place of what is not shared. */
static void remember(struct trace *t, uint32_t shared)
{
	t->nr = shared;
	for (uint32_t i = 0; i < NR_COLUMNS; i++)
		if (t->columns[i].nr > shared)
			t->columns[i].nr = shared;
	while (t->nr_fresh) {
		struct frame *const f = &t->frames[t->nr++];
		const struct frame *const outer = f - 1;
		bool outer_needs;

		*f = t->fresh[--t->nr_fresh];
		outer_needs = t->nr > 1 && outer->needs_rbp;
		f->needs_rbp =
			f->rule.kind == CFI_STEP &&
			(f->rule.base != CFI_RSP || (f->rule.rbp != CFI_RBP_SAVED && outer_needs));
		f->checks_more = f->rule.base == CFI_RBP_DEREF ||
				 (f->rule.rbp != CFI_RBP_SAME && outer_needs);
	}
}

/* ---- nodes ---- */

/* Address 0 is no frame: who makes a stack by hand ends it so. */
PLACE_INLINE uint32_t add_node(struct depot_memo *depot, uint64_t pc, uint32_t outer)
{
	return pc ? depot_intern_again(depot, pc, outer) : 0;
}

/* The innermost frame's, where `root` is the outermost that is kept. */
static uint32_t add_nodes(struct trace *t, struct depot_memo *depot, uint32_t root, uint32_t depth)
{
	const uint32_t k = root / unwind_quantum(depth) % NR_COLUMNS;
	struct column *const c = &t->columns[k];

	if (c->root != root || c->nr < root)
		*c = (struct column){ root, root };
	uint32_t node = c->nr > root ? t->frames[c->nr - 1].nodes[k] : 0;

	for (; c->nr < t->nr; c->nr++) {
		node = add_node(depot, t->frames[c->nr].at.pc, node);
		if (!node && t->frames[c->nr].at.pc)
			return 0;
		t->frames[c->nr].nodes[k] = node;
	}
	return node;
}

/* Of a stack that is not to be remembered: the `depth` frames nearest to the caller, `shared` of
 * all being the last one's. */
static uint32_t find_unshared(struct trace *t, struct depot_memo *depot, uint32_t shared,
			      uint32_t depth)
{
	const uint32_t nr = t->nr_fresh + shared;
	uint32_t node = 0;

	for (uint32_t i = nr < depth ? nr : depth; i; i--) {
		const struct frame *const f =
			i <= t->nr_fresh ? &t->fresh[i - 1] : &t->frames[nr - i];

		node = add_node(depot, f->at.pc, node);
		if (!node && f->at.pc)
			break;
	}
	return node;
}

/* ---- for the next time ---- */

/* The words that lead from a frame to the next one.  False: they do not lie in it. */
static bool add_words(struct recall *r, struct frame *f)
{
	const struct frame *const outer = f - 1;
	const uint64_t size = outer->at.sp - f->at.sp;
	uint64_t alien = 0;

	f->word = outer->word;
	if (f->rule.rbp != CFI_RBP_SAME && outer->needs_rbp) {
		const uint64_t slot = step_rbp_slot(f->at, f->rule, outer->at.sp);

		f->word = recall_add_word(r, f->word, slot, outer->at.rbp);
		alien |= slot - f->at.sp >= size;
	}
	f->word = recall_add_word(r, f->word, outer->at.sp - 8, outer->at.pc);
	if (f->rule.base == CFI_RBP_DEREF) {
		const uint64_t slot = f->at.rbp + (uint64_t)(int64_t)f->rule.offset;

		f->word = recall_add_word(r, f->word, slot, outer->at.sp);
		alien |= slot - f->at.sp >= size;
	}
	return !alien;
}

/* Frames shared.. are new.  False: there are words where none should be. */
static bool remember_words(struct trace *t, uint32_t shared)
{
	const uint32_t from = recall_make_room(&t->recall, 6 * (t->nr - shared)) ? shared : 0;

	for (uint32_t i = from; i < t->nr; i++) {
		t->frames[i].word = 0;
		if (i && !add_words(&t->recall, &t->frames[i]))
			return false;
	}
	return true;
}

static void remember_stack(struct trace *t, const struct trace_result *result)
{
	const struct frame *const f = &t->frames[t->nr - 1];
	const int64_t rbp = (int64_t)(f->at.rbp - f->at.sp);
	const uint64_t size = t->frames[0].at.sp - f->at.sp;

	if (t->nr < 3 || !result->node || size > UINT32_MAX ||
	    (f->needs_rbp && rbp != (int32_t)rbp))
		return;
	const struct known_stack stack = { .pc = f->at.pc,
					   .sp = f->at.sp,
					   .rbp = (uint32_t)rbp,
					   .highest = (uint32_t)size,
					   .node = result->node,
					   .word = (uint16_t)f->word,
					   .end = (uint8_t)result->end,
					   .needs_rbp = f->needs_rbp };

	recall_note_site(&t->recall, f[-1].at.pc, f[-1].rule);
	recall_note_site(&t->recall, f->at.pc, f->rule);
	recall_add(&t->recall, &stack, f[-1].at.pc, f[-2].at.pc);
}

/* ---- frames of ours ---- */

/* One more frame, which is at `at`.  False: it is not of constant size. */
static bool lengthen_chain(struct chain *c, uint64_t sp, const struct place *at,
			   struct cfi_rule rule)
{
	if (rule.base == CFI_RBP_DEREF || rule.rbp == CFI_RBP_AT_RBP ||
	    (rule.base == CFI_RBP && (c->base || at->rbp <= sp)))
		return false;
	if (rule.base == CFI_RBP) {
		c->base = (uint32_t)(at->rbp - sp);
		c->base_rbp = c->rbp;
	}
	return at->sp - sp < STEP_GAP_MAX;
}

/* From a place of ours outwards to the frame that is at `caller`. */
static bool step_to_caller(struct trace *t, struct place *at, uint64_t caller)
{
	struct recall *const r = &t->recall;
	const uint64_t sp = at->sp;
	struct chain chain = { .from = at->pc };
	bool is_constant = true;

	for (;;) {
		const struct cfi_rule rule = step_find_rule(&t->rules, at->pc);

		is_constant = is_constant && lengthen_chain(&chain, sp, at, rule);
		if (rule.kind != CFI_STEP || !step(&r->range, at, rule))
			return false;
		if (rule.rbp == CFI_RBP_SAVED)
			chain.rbp = (uint32_t)(at->sp + (uint64_t)(int64_t)rule.rbp_offset - sp);
		chain.caller = (uint32_t)(at->sp - 8 - sp);
		if (at->pc == caller)
			break;
		if (chain.nr == CHAIN_FRAMES_MAX)
			return false;
		chain.frames[chain.nr].pc = at->pc;
		chain.frames[chain.nr++].slot = chain.caller;
	}
	if (is_constant) {
		r->last_chain = (r->last_chain + 1) % RECALL_CHAINS;
		r->chains[r->last_chain] = chain;
	}
	return true;
}

static bool find_caller(struct trace *t, struct place *at, uint64_t caller)
{
	struct recall *const r = &t->recall;

	for (uint32_t i = 0; i < RECALL_CHAINS; i++) {
		const uint32_t k = (r->last_chain + i) % RECALL_CHAINS;

		if (chain_follow(&r->chains[k], at, caller)) {
			r->last_chain = k;
			return true;
		}
	}
	return step_to_caller(t, at, caller);
}

/* ---- */

static bool prepare(struct trace **trace, uint32_t depth)
{
	const uint32_t epoch = __atomic_load_n(&trace_epoch, __ATOMIC_ACQUIRE);

	if (!*trace)
		*trace = private_for_ever(sizeof(**trace));
	else if ((*trace)->recall.epoch == epoch && (*trace)->recall.depth == depth)
		return true;
	else
		step_forget_rules(&(*trace)->rules);
	if (!*trace)
		return false;
	recall_forget(&(*trace)->recall);
	(*trace)->nr = 0;
	(*trace)->recall.depth = depth;
	(*trace)->recall.epoch = epoch;
	return true;
}

/* A stack that ends early may have been followed beyond its end, into memory that is another's and
 * may be gone at the next call: nothing of it is remembered, nor that it could be read. */
static void find_anew(struct trace *t, struct depot_memo *depot, struct place at, uint32_t depth,
		      struct trace_result *ret)
{
	const bool is_short = t->nr_short;
	uint32_t shared;

	ret->end = walk(t, at, is_short ? depth : FRAMES_MAX, &shared);
	const bool ends_early = ret->end != TRACE_WHOLE && ret->end != TRACE_CUT;

	if (ends_early)
		step_forget(&t->recall.range);
	if (ret->end == TRACE_OTHER)
		return;
	const uint32_t nr = shared + t->nr_fresh;
	const bool is_deep = ret->end == TRACE_CUT || nr > FRAMES_MAX;

	t->nr_short = !is_deep ? 0 : is_short ? t->nr_short - 1 : SHORT_TRACES;
	if (is_deep || ends_early) {
		if (nr > depth)
			ret->end = TRACE_CUT;
		ret->node = find_unshared(t, depot, shared,
					  is_deep ? depth : nr - unwind_choose_root(nr, depth));
		t->nr = 0;
		return;
	}
	remember(t, shared);
	const uint32_t root = unwind_choose_root(t->nr, depth);

	if (root)
		ret->end = TRACE_CUT;
	ret->node = add_nodes(t, depot, root, depth);
	if (remember_words(t, shared))
		remember_stack(t, ret);
	else
		t->nr = 0;
}

bool trace_find(struct trace **trace, struct depot_memo *depot, int32_t tid, struct place at,
		uint64_t caller, uint32_t depth, struct trace_result *ret)
{
	const bool is_ours = at.pc != caller;
	const struct known_stack *known = NULL;

	if (!prepare(trace, depth))
		return false;
	struct trace *const t = *trace;

	step_begin(&t->recall.range, tid, at.sp);
	ret->node = 0;
	if (is_ours) {
		if (!find_caller(t, &at, caller)) {
			ret->end = TRACE_FAILED;
			return true;
		}
		known = recall_find(&t->recall, at);
	}
	if (known)
		*ret = (struct trace_result){ (enum trace_end)known->end, known->node };
	else
		find_anew(t, depot, at, depth, ret);
	if (is_ours)
		recall_note_chain(&t->recall, caller);
	return true;
}
