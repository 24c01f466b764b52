/* SPDX-License-Identifier: MIT */
/*
 * The stack of the calling thread as a depot node, without unwinding what is as it was.
 *
 * A thread remembers whole stacks (stack/recall.h), and of its last one each frame: its code
 * address, its stack pointer and where the unwind rules read (the return address; the saved rbp
 * where a frame further out is found by it).  A stack that it does not know is stepped through by
 * the rules (stack/cfi.h, remembered by address) only until it comes to a frame that it shares with
 * the last one, and from there on every word that unwinding would read is compared with what it
 * was.  Equal words and equal rules give equal frames, so nothing is assumed; the code must be the
 * same, though: trace_flush where it may not be.
 *
 * By the thread itself, inside the door.  Memory is the profiler's own.
 */
#ifndef STACK_TRACE_H
#define STACK_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "stack/place.h"
#include "stack/recall.h"

struct depot_memo;
struct trace; /* starts with a struct recall */

extern uint32_t trace_epoch; /* counts flushes; atomically */

/* False where there are no rules (stack/cfi.h).  From a constructor. */
bool trace_init(void);

enum trace_end {
	TRACE_WHOLE, /* up to the outermost frame */
	TRACE_CUT,   /* depth frames or fewer by an eighth, and there were more */
	TRACE_BLIND, /* up to a function without unwind information: the start code of the loader */
	TRACE_LOST,  /* up to code of no object, or a stack that cannot be right */
	TRACE_OTHER, /* nothing: it has a frame that the rules cannot say */
	TRACE_FAILED, /* nothing: there is no frame that returns to caller */
};

struct trace_result {
	enum trace_end end;
	uint32_t node; /* of the whole stack; 0: the depot is full */
};

/* What the thread remembers, or NULL where that is not of this code, depth and stack. */
PLACE_INLINE struct recall *trace_get_recall(struct trace *trace, int32_t tid, uint64_t sp,
					     uint32_t depth)
{
	struct recall *const r = (struct recall *)trace;

	return r && r->epoch == __atomic_load_n(&trace_epoch, __ATOMIC_ACQUIRE) &&
			       r->depth == depth && range_has(&r->range, sp, tid)
		       ? r
		       : NULL;
}

/* The stack whose innermost frame is at return address `caller`: what is further in is left out.
 * *at is a place of ours, on that stack.  NULL: it has to be traced, from *at on. */
PLACE_INLINE const struct known_stack *trace_find_known(struct trace *trace, int32_t tid,
							struct place *at, uint64_t caller,
							uint32_t depth)
{
	struct recall *const r = trace_get_recall(trace, tid, at->sp, depth);

	return r ? recall_find_caller(r, at, caller) : NULL;
}

/* The same, where nothing is out of the ordinary, by the stack pointer of that frame. */
PLACE_INLINE const struct known_stack *trace_find_likely(struct trace *trace, int32_t tid,
							 uint64_t sp, uint64_t caller,
							 uint32_t depth)
{
	struct recall *const r = trace_get_recall(trace, tid, sp, depth);

	return r ? recall_find_likely(r, caller, sp) : NULL;
}

/* The same, known or not.  *trace is NULL at a thread's first call, and its memory is for the
 * thread's successor, too.  False where there is no memory. */
bool trace_find(struct trace **trace, struct depot_memo *depot, int32_t tid, struct place at,
		uint64_t caller, uint32_t depth, struct trace_result *ret);

/* Every thread forgets the rules of all code, at its next trace. */
void trace_flush(void);

#endif
