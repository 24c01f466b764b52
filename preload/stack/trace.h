/* SPDX-License-Identifier: MIT */
/*
 * The stack of the calling thread as a depot node, without unwinding what is as it was.
 *
 * A thread remembers its last stack: of each frame its code address, its stack pointer and where
 * the unwind rules read (the return address; the saved rbp where a frame further out is found by
 * it).  The next stack is stepped through by the rules (stack/cfi.h, remembered by address) only
 * until it comes to a frame that it shares with the last one, and from there on every word that
 * unwinding would read is compared with what it was.  Equal words and equal rules give equal
 * frames, so nothing is assumed; the code must be the same, though: trace_flush where it may not
 * be.
 *
 * By the thread itself, inside the door.  Memory is the profiler's own.
 */
#ifndef STACK_TRACE_H
#define STACK_TRACE_H

#include <stdbool.h>
#include <stdint.h>

struct depot_memo;
struct trace;

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

/* The stack whose innermost frame is at return address `caller`: what is further in is left out.
 * *trace is NULL at a thread's first call, and its memory is for the thread's successor, too.
 * False where there is no memory. */
bool trace_find(struct trace **trace, struct depot_memo *depot, int32_t tid, uint64_t caller,
		uint32_t depth, struct trace_result *ret);

/* Every thread forgets the rules of all code, at its next trace. */
void trace_flush(void);

#endif
