/* SPDX-License-Identifier: MIT */
/*
 * Steps through frames, and stops where the last stack goes on unchanged (stack/trace.h).
 */
#include "stack/trace.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <heapcensus/dump_format.h>

#include "rt/private.h"
#include "rt/sys.h"
#include "stack/cfi.h"
#include "stack/depot.h"
#include "stack/unwind.h"
#include "rt/ban.h"

#define FRAMES_MAX   512 /* of a remembered stack */
#define SHORT_TRACES 255
_Static_assert(UNWIND_DEPTH_MAX <= FRAMES_MAX, "a stack that is cut is read into as many frames");
#define OWN_FRAMES_MAX \
	16 /* between the program's call and trace_find, operator new's chain included */
#define NR_CHAINS   16
#define RULES_SHIFT 13
#define PAGE	    4096ul
#define GAP_MAX	    (8ul << 20) /* from one frame to the next, on one stack */

/* The registers that decide how a stack goes on. */
struct place {
	uint64_t pc; /* a return address */
	uint64_t sp, rbp;
};

struct frame {
	struct place at;
	struct cfi_rule rule;
	uint32_t node;	  /* of this frame and those further out, from `root` on */
	bool needs_rbp;	  /* rbp decides about frames further out */
	bool checks_more; /* than the return address: see check_more */
};

struct known_rule {
	uint64_t pc; /* 0: empty */
	struct cfi_rule rule;
};

/*
 * Frames of ours between trace_find and the program's call, where they have frames of constant
 * size, but for one that is found by rbp: what is true of them while their return addresses are
 * those, and rbp in that frame is what it was, from sp.
 */
struct chain {
	uint32_t nr;		 /* 0: empty */
	uint32_t rbp;		 /* the program's rbp is there, from sp; 0: it is in the register */
	uint32_t base, base_rbp; /* rbp of that frame, from sp, and where it is; base 0: none is */
	uint32_t slots[OWN_FRAMES_MAX]; /* [nr] return addresses, from sp; the last is the caller */
	uint64_t pcs[OWN_FRAMES_MAX];	/* [nr - 1] */
};

/* One a thread, and its successors; at thread->trace. */
struct trace {
	uint32_t epoch; /* of rules */
	int32_t tid;
	uint8_t nr_short; /* traces that look at no more than they keep, since the last one that did
			     not found more than FRAMES_MAX, which is not remembered */
	bool is_broken; /* a word of the stack being traced could not be read, or cannot be right */
	uint32_t nr, root;
	uint64_t low, high; /* this stack is readable there, as far as has been looked */
	struct frame frames[FRAMES_MAX]; /* [nr] outermost first */
	uint32_t last_chain;
	struct chain chains[NR_CHAINS];
	uint32_t nr_fresh;
	struct frame fresh[FRAMES_MAX]; /* [nr_fresh] innermost first: of the stack being traced */
	struct known_rule rules[1u << RULES_SHIFT];
};

static uint32_t rules_epoch; /* counts flushes; atomically */

bool trace_init(void)
{
	return cfi_init();
}

void trace_flush(void)
{
	__atomic_fetch_add(&rules_epoch, 1, __ATOMIC_RELEASE);
}

/* What is no code now may be code later, so it is asked for each time. */
__attribute__((noinline)) static struct cfi_rule find_new_rule(struct known_rule *known,
							       uint64_t pc)
{
	const struct cfi_rule rule = cfi_find_rule(pc - 1);

	if (rule.kind != CFI_NO_CODE) {
		known->pc = pc;
		known->rule = rule;
	}
	return rule;
}

static inline struct cfi_rule find_rule(struct trace *t, uint64_t pc)
{
	struct known_rule *const known = &t->rules[pc * 0x9e3779b97f4a7c15 >> (64 - RULES_SHIFT)];

	return __builtin_expect(known->pc == pc, 1) ? known->rule : find_new_rule(known, pc);
}

/* ---- reading the stack ---- */

/* The kernel looks at the new mask before it refuses the unknown `how`. */
static bool is_readable(uint64_t addr)
{
	return sys_sigprocmask(-1, (const uint64_t *)addr, NULL) == -EINVAL;
}

/* Unwind rules of hand-written code may be wrong, and the stack's end is not known. */
__attribute__((noinline)) static bool look_further(struct trace *t, uint64_t addr)
{
	if (addr < t->low || addr - t->low > GAP_MAX + (t->high - t->low) || addr % 8)
		return false;
	while (t->high <= addr) {
		if (!is_readable(t->high))
			return false;
		t->high += PAGE;
	}
	return true;
}

static inline bool read_word(struct trace *t, uint64_t addr, uint64_t *value)
{
	if (__builtin_expect(addr - t->low >= t->high - t->low || addr % 8, 0) &&
	    !look_further(t, addr))
		return false;
	*value = *(const uint64_t *)addr;
	return true;
}

/* The page of sp is there: this function's own frame lies in it or further in. */
static void begin_stack(struct trace *t, int32_t tid, uint64_t sp)
{
	if (sp >= t->low && sp < t->high && t->tid == tid)
		return;
	t->low = sp & -PAGE;
	t->high = t->low + PAGE;
	t->tid = tid;
}

/* ---- one step ---- */

/* Inlined: a place is best kept in registers. */
#define STEP __attribute__((always_inline)) static inline

STEP bool find_outer_sp(struct trace *t, struct place at, struct cfi_rule rule, uint64_t *sp)
{
	const uint64_t offset = (uint64_t)(int64_t)rule.offset;

	if (rule.base == CFI_RSP)
		*sp = at.sp + offset;
	else if (rule.base == CFI_RBP)
		*sp = at.rbp + offset;
	else if (!read_word(t, at.rbp + offset, sp))
		return false;
	return *sp > at.sp; /* stacks grow down */
}

/* Where a frame saved its caller's rbp. */
STEP uint64_t find_rbp_slot(struct place at, struct cfi_rule rule, uint64_t outer_sp)
{
	return (rule.rbp == CFI_RBP_AT_RBP ? at.rbp : outer_sp) +
	       (uint64_t)(int64_t)rule.rbp_offset;
}

/* To the caller's place.  False: the words that it needs are not there. */
STEP bool step(struct trace *t, struct place *at, struct cfi_rule rule)
{
	struct place outer = { .rbp = at->rbp };

	if (!find_outer_sp(t, *at, rule, &outer.sp) || !read_word(t, outer.sp - 8, &outer.pc) ||
	    (rule.rbp != CFI_RBP_SAME &&
	     !read_word(t, find_rbp_slot(*at, rule, outer.sp), &outer.rbp)))
		return false;
	*at = outer;
	return true;
}

/* ---- the last stack ---- */

static bool check_more(struct trace *t, const struct frame *f, const struct frame *outer)
{
	uint64_t word = 0;

	if (f->rule.base == CFI_RBP_DEREF &&
	    (!find_outer_sp(t, f->at, f->rule, &word) || word != outer->at.sp))
		return false;
	return f->rule.rbp == CFI_RBP_SAME || !outer->needs_rbp ||
	       (read_word(t, find_rbp_slot(f->at, f->rule, outer->at.sp), &word) &&
		word == outer->at.rbp);
}

/* Frame i is as it was.  Is it still where the stack goes on as it did?  *broken: the first that is
 * not. */
static bool goes_on(struct trace *t, uint32_t i, uint32_t *broken)
{
	uint64_t word;

	for (; i; i--) {
		const struct frame *const f = &t->frames[i], *const outer = f - 1;

		if (!read_word(t, outer->at.sp - 8, &word) || word != outer->at.pc ||
		    (f->checks_more && !check_more(t, f, outer))) {
			*broken = i - 1;
			return false;
		}
	}
	return true;
}

STEP bool is_same(const struct frame *then, struct place now)
{
	return then->at.sp == now.sp && then->at.pc == now.pc &&
	       (!then->needs_rbp || then->at.rbp == now.rbp);
}

/* How many of the last stack's frames, from the outermost on, the stack goes on with at a place.
 * *nr: those that come into question for it, and for frames further out. */
STEP uint32_t find_shared(struct trace *t, struct place at, uint32_t *nr)
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
STEP enum trace_end walk(struct trace *t, struct place at, uint32_t max, uint32_t *shared)
{
	uint32_t nr = t->nr, nr_fresh = 0;
	enum trace_end end;

	t->is_broken = false;
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
		const struct cfi_rule rule = find_rule(t, at.pc);

		f->at = at;
		f->rule = rule;
		nr_fresh++;
		if (rule.kind != CFI_STEP) {
			end = end_of(rule);
			break;
		}
		if (!step(t, &at, rule)) {
			t->is_broken = true;
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

/* Frames from..nr get their nodes.  The innermost's. */
static uint32_t add_nodes(struct trace *t, struct depot_memo *depot, uint32_t from)
{
	uint32_t node = from > t->root ? t->frames[from - 1].node : 0;

	for (uint32_t i = from; i < t->nr; i++) {
		node = depot_intern_again(depot, t->frames[i].at.pc, node);
		if (!node) {
			t->nr = i;
			return 0;
		}
		t->frames[i].node = node;
	}
	return node;
}

static uint32_t find_nodes(struct trace *t, struct depot_memo *depot, uint32_t shared,
			   uint32_t depth)
{
	const uint32_t root = unwind_choose_root(t->nr, depth);

	if (t->root != root || shared < root)
		shared = root;
	t->root = root;
	return add_nodes(t, depot, shared);
}

/* Of a stack that is not to be remembered: the frames nearest to the caller, `shared` of which are
 * the last one's. */
static uint32_t find_unshared(struct trace *t, struct depot_memo *depot, uint32_t shared,
			      uint32_t depth)
{
	const uint32_t nr = t->nr_fresh + shared;
	uint32_t node = 0;

	for (uint32_t i = nr < depth ? nr : depth; i; i--) {
		const struct frame *const f =
			i <= t->nr_fresh ? &t->fresh[i - 1] : &t->frames[nr - i];

		node = depot_intern_again(depot, f->at.pc, node);
		if (!node)
			break;
	}
	return node;
}

/* ---- frames of ours ---- */

/* rbp, which lies that far from sp; 0: not on the stack but in the register still. */
STEP uint64_t chain_rbp(const struct place *at, uint32_t slot)
{
	return slot ? *(const uint64_t *)(at->sp + slot) : at->rbp;
}

STEP bool is_chain(const struct chain *c, const struct place *at, uint64_t caller)
{
	for (uint32_t i = 0; i + 1 < c->nr; i++)
		if (*(const uint64_t *)(at->sp + c->slots[i]) != c->pcs[i])
			return false;
	return c->nr && *(const uint64_t *)(at->sp + c->slots[c->nr - 1]) == caller &&
	       (!c->base || chain_rbp(at, c->base_rbp) == at->sp + c->base);
}

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
	return at->sp - sp < GAP_MAX;
}

/* From a place of ours outwards to the frame that is at `caller`. */
__attribute__((noinline)) static bool step_to_caller(struct trace *t, struct place *at,
						     uint64_t caller)
{
	const uint64_t sp = at->sp;
	struct chain chain = { 0 };
	bool is_constant = true;

	while (chain.nr < OWN_FRAMES_MAX) {
		const struct cfi_rule rule = find_rule(t, at->pc);

		is_constant = is_constant && lengthen_chain(&chain, sp, at, rule);
		if (rule.kind != CFI_STEP || !step(t, at, rule))
			return false;
		if (rule.rbp == CFI_RBP_SAVED)
			chain.rbp = (uint32_t)(at->sp + (uint64_t)(int64_t)rule.rbp_offset - sp);
		chain.slots[chain.nr] = (uint32_t)(at->sp - 8 - sp);
		chain.pcs[chain.nr++] = at->pc;
		if (at->pc != caller)
			continue;
		if (is_constant) {
			t->last_chain = (t->last_chain + 1) % NR_CHAINS;
			t->chains[t->last_chain] = chain;
		}
		return true;
	}
	return false;
}

STEP bool find_caller(struct trace *t, struct place *at, uint64_t caller)
{
	for (uint32_t i = 0; i < NR_CHAINS; i++) {
		const uint32_t k = (t->last_chain + i) % NR_CHAINS;
		const struct chain *const c = &t->chains[k];

		if (!is_chain(c, at, caller))
			continue;
		t->last_chain = k;
		at->rbp = chain_rbp(at, c->rbp);
		at->sp += c->slots[c->nr - 1] + 8;
		at->pc = caller;
		return true;
	}
	return step_to_caller(t, at, caller);
}

/* ---- */

static bool prepare(struct trace **trace)
{
	const uint32_t epoch = __atomic_load_n(&rules_epoch, __ATOMIC_ACQUIRE);

	if (!*trace)
		*trace = private_calloc(1, sizeof(**trace));
	if (!*trace)
		return false;
	if ((*trace)->epoch != epoch) {
		memset((*trace)->rules, 0, sizeof((*trace)->rules));
		memset((*trace)->chains, 0, sizeof((*trace)->chains));
		(*trace)->nr = 0;
		(*trace)->epoch = epoch;
	}
	return true;
}

__attribute__((noinline)) bool trace_find(struct trace **trace, struct depot_memo *depot,
					  int32_t tid, uint64_t caller, uint32_t depth,
					  struct trace_result *ret)
{
	struct place at;
	struct trace *t;
	uint32_t shared;

	if (!prepare(trace))
		return false;
	t = *trace;
	__asm__ volatile("lea 1f(%%rip), %0\n\tmov %%rsp, %1\n\tmov %%rbp, %2\n1:"
			 : "=&r"(at.pc), "=&r"(at.sp), "=&r"(at.rbp));
	begin_stack(t, tid, at.sp);
	ret->node = 0;
	if (!find_caller(t, &at, caller)) {
		ret->end = TRACE_FAILED;
		return true;
	}
	const bool is_short = t->nr_short;

	ret->end = walk(t, at, is_short ? depth : FRAMES_MAX, &shared);
	if (ret->end == TRACE_OTHER)
		return true;
	const bool is_deep = ret->end == TRACE_CUT || shared + t->nr_fresh > FRAMES_MAX;

	t->nr_short = !is_deep ? 0 : is_short ? t->nr_short - 1 : SHORT_TRACES;
	if (is_deep || t->is_broken) {
		if (shared + t->nr_fresh > depth)
			ret->end = TRACE_CUT;
		ret->node = find_unshared(t, depot, shared, depth);
		t->nr = 0;
		return true;
	}
	remember(t, shared);
	ret->node = find_nodes(t, depot, shared, depth);
	if (t->root)
		ret->end = TRACE_CUT;
	return true;
}
