/* SPDX-License-Identifier: MIT */
/*
 * Captures stacks (stack/unwind.h): by stack/trace.h, else by libunwind, whose frames of ours are
 * cut off here; and compares the two where that is asked for.
 */
#include "stack/unwind.h"

#include <errno.h>
#include <string.h>

#include "rt/count.h"
#include "rt/message.h"
#include "stack/depot.h"
#include "stack/libunwind.h"
#include "stack/trace.h"
#include "rt/ban.h"

#define OWN_FRAMES_MAX \
	16 /* between the program's call and here, those of operator new's chain included */
#define DIFFERENCES_LOGGED 100

/* Written at start. */
static struct {
	bool has_rules, has_libunwind;
	uint64_t nr_verified; /* atomically */
} unwinder;
bool unwind_verifies;

bool unwind_init(void)
{
	struct thread *const t = thread_enter();

	if (!t)
		return false;
	t->in_unwinder = 1; /* what the loader allocates now is ours too */
	unwinder.has_rules = trace_init();
	unwinder.has_libunwind = libunwind_load();
	t->in_unwinder = 0;
	thread_leave(t);
	return unwinder.has_rules || unwinder.has_libunwind;
}

void unwind_verify(void)
{
	unwind_verifies = true;
}

void unwind_report(void)
{
	if (unwind_verifies)
		message("%lu stacks compared with libunwind's, %lu differ",
			__atomic_load_n(&unwinder.nr_verified, __ATOMIC_RELAXED),
			__atomic_load_n(&rt_counts[COUNT_stacks_differing], __ATOMIC_RELAXED));
}

/* ---- libunwind ---- */

/* Where the frame that returns to caller is among the first pcs, or nr. */
static uint32_t find_caller(const uint64_t *pcs, uint32_t nr, uint64_t caller)
{
	for (uint32_t i = 0; i < nr && i < OWN_FRAMES_MAX; i++)
		if (pcs[i] == caller)
			return i;
	return nr;
}

/* How many frames; 0 where it fails.  One more than max: there are more. */
static uint32_t capture(struct thread *t, uint64_t caller, uint64_t *pcs, uint32_t max)
{
	const int saved_errno = errno;
	uint64_t all[UNWIND_DEPTH_MAX + OWN_FRAMES_MAX + 1];
	uint32_t nr, first;

	t->in_unwinder = 1;
	nr = libunwind_backtrace(all, max + OWN_FRAMES_MAX + 1);
	t->in_unwinder = 0;
	errno = saved_errno;
	first = find_caller(all, nr, caller);
	nr -= first;
	if (nr > max + 1)
		nr = max + 1;
	memcpy(pcs, all + first, nr * sizeof(*pcs));
	return nr;
}

static uint32_t find_only_caller(struct thread *t, uint64_t caller)
{
	COUNT(stacks_failed);
	return depot_intern_again(t->depot_memo, caller, 0);
}

__attribute__((noinline)) static uint32_t find_by_libunwind(struct thread *t, uint64_t caller,
							    uint32_t depth)
{
	uint64_t pcs[UNWIND_DEPTH_MAX + 1];
	uint32_t nr = capture(t, caller, pcs, depth);

	if (!nr)
		return find_only_caller(t, caller);
	if (nr > depth) {
		t->nr_cut++;
		nr = depth;
	}
	return depot_intern_stack(t->depot_memo, pcs, nr);
}

/* ---- both ---- */

/* The same frames?  Where ours ends early, as far as it goes. */
static bool is_equal(const struct trace_result *ours, const uint64_t *pcs, uint32_t nr)
{
	uint32_t i = 0;

	for (uint32_t node = ours->node; node; node = depot_get(node)->parent, i++)
		if (i == nr || depot_get(node)->pc != pcs[i])
			return false;
	return i == nr || ours->end != TRACE_WHOLE;
}

/* Frame by frame, for whoever looks into it. */
static void log_difference(const struct trace_result *ours, uint64_t caller, const uint64_t *pcs,
			   uint32_t nr)
{
	uint32_t node = ours->node;

	message("a stack called from %lx differs (end %u):", caller, ours->end);
	for (uint32_t i = 0; node || i < nr; i++) {
		message("  %u ours %lx libunwind's %lx", i, node ? depot_get(node)->pc : 0,
			i < nr ? pcs[i] : 0);
		node = node ? depot_get(node)->parent : 0;
	}
}

__attribute__((noinline)) static void verify(struct thread *t, uint64_t caller,
					     const struct trace_result *ours)
{
	uint64_t pcs[UNWIND_DEPTH_MAX + 1];
	const uint32_t nr = capture(t, caller, pcs, UNWIND_DEPTH_MAX);

	if (!ours->node || !nr)
		return;
	__atomic_fetch_add(&unwinder.nr_verified, 1, __ATOMIC_RELAXED);
	if (is_equal(ours, pcs, nr))
		return;
	COUNT(stacks_differing);
	if (__atomic_load_n(&rt_counts[COUNT_stacks_differing], __ATOMIC_RELAXED) <=
	    DIFFERENCES_LOGGED)
		log_difference(ours, caller, pcs, nr);
}

uint32_t unwind_verify_known(struct thread *t, uint64_t caller, const struct known_stack *s)
{
	if (unwinder.has_libunwind)
		verify(t, caller, &(struct trace_result){ (enum trace_end)s->end, s->node });
	return s->node;
}

/* `at` is a place of ours. */
__attribute__((noinline)) static uint32_t find_unknown(struct thread *t, struct place at,
						       uint64_t caller, uint32_t depth)
{
	struct trace_result trace;

	if (!unwinder.has_rules ||
	    !trace_find(&t->trace, t->depot_memo, t->tid, at, caller, depth, &trace))
		return find_by_libunwind(t, caller, depth);
	switch (trace.end) {
	case TRACE_FAILED:
	case TRACE_OTHER:
		return unwinder.has_libunwind ? find_by_libunwind(t, caller, depth)
					      : find_only_caller(t, caller);
	case TRACE_CUT:
		t->nr_cut++;
		break;
	case TRACE_LOST:
		COUNT(stacks_lost);
		break;
	case TRACE_WHOLE:
	case TRACE_BLIND:
		break;
	}
	if (unwind_verifies && unwinder.has_libunwind)
		verify(t, caller, &trace);
	return trace.node;
}

__attribute__((noinline)) uint32_t unwind_find(struct thread *t, uint64_t caller, uint32_t depth)
{
	struct place at;

	PLACE_HERE(at);
	const struct known_stack *const known =
		trace_find_known(t->trace, t->tid, &at, caller, depth);

	if (!known)
		return find_unknown(t, at, caller, depth);
	if (known->end == TRACE_CUT)
		t->nr_cut++;
	return unwind_verifies ? unwind_verify_known(t, caller, known) : known->node;
}

void unwind_flush(void)
{
	trace_flush();
	libunwind_flush();
}

void unwind_fork_prepare(void)
{
	libunwind_fork_prepare();
}
void unwind_fork_parent(void)
{
	libunwind_fork_parent();
}
void unwind_fork_child(void)
{
	libunwind_fork_child();
}
