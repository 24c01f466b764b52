/* SPDX-License-Identifier: MIT */
/*
 * The one small interface to whatever captures stacks: stack/trace.h, and where that has no rule,
 * or the process no table of rules, libunwind (stack/libunwind.h).
 */
#ifndef STACK_UNWIND_H
#define STACK_UNWIND_H

#include <heapcensus/dump_format.h>
#include <stdbool.h>
#include <stdint.h>

#include "live/thread.h"
#include "stack/trace.h"

#define UNWIND_DEPTH_MAX 128

/* Of a chain of nr frames that is cut where it has more than depth, how many of the outermost it
 * loses: a multiple of the quantum.  They are not others with each frame that comes or goes, since
 * all nodes would be others then. */
static inline uint32_t unwind_quantum(uint32_t depth)
{
	return depth - HC_STACK_CUT_MIN(depth) + 1;
}

static inline uint32_t unwind_choose_root(uint32_t nr, uint32_t depth)
{
	const uint32_t quantum = unwind_quantum(depth);

	return nr <= depth ? 0 : (nr - depth + quantum - 1) / quantum * quantum;
}

/* From a constructor, not from inside the allocator.  False where no unwinder can be had: the
 * caller falls back to `caller`, and the log says so. */
bool unwind_init(void);

/* Before or after unwind_init: libunwind is asked each time, too, and what differs is counted. */
void unwind_verify(void);
extern bool unwind_verifies __attribute__((visibility("hidden"))); /* written by that */
/* Says in the log how many stacks were compared, where they are. */
void unwind_report(void);

/*
 * The depot node of the stack of the calling thread, innermost frame first, starting with the frame
 * whose return address is `caller` (frames of ours above it are left out); of a deeper stack the
 * innermost `depth` frames, or an eighth less.  Where nobody can unwind (counted) it is that of
 * caller alone.  0: the depot is full.  t->inside is 1 and t->depot_memo is there; allocations by
 * libunwind come from the profiler's own memory.  Keeps errno.
 */
uint32_t unwind_find(struct thread *t, uint64_t caller, uint32_t depth);

/* Compares the frames of a known stack, too, where that can be; its node. */
uint32_t unwind_verify_known(struct thread *t, uint64_t caller, const struct known_stack *s);

/*
 * unwind_find, given the stack pointer of that frame, where nothing is out of the ordinary: for the
 * path of every allocation.  0: unwind_find has to be asked.
 */
PLACE_INLINE uint32_t unwind_find_likely(struct thread *t, uint64_t caller, uint64_t sp,
					 uint32_t depth)
{
	const struct known_stack *const s =
		trace_find_likely(t->trace, t->tid, sp, caller, depth);

	if (__builtin_expect(!s, 0))
		return 0;
	t->nr_cut += s->end == TRACE_CUT;
	return __builtin_expect(unwind_verifies, 0) ? unwind_verify_known(t, caller, s) : s->node;
}

/* Forgets everything cached about code: before and after an object is unloaded (dlclose). */
void unwind_flush(void);

/* For pthread_atfork: before, after in the parent, after in the child; around private_fork_*. */
void unwind_fork_prepare(void);
void unwind_fork_parent(void);
void unwind_fork_child(void);

#endif
