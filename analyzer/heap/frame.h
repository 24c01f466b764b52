/* SPDX-License-Identifier: MIT */
/*
 * The frames on the threads' stacks, unwound offline by the call frame information of the modules'
 * files.
 */
#ifndef HEAP_FRAME_H
#define HEAP_FRAME_H

#include <stdint.h>

#include "dump/dump.h"

struct symbols;
struct frames;

/*
 * One frame owns the stack from sp up to the sp of its caller.  What the preload's own functions
 * have on the stack belongs to the function that called them.
 */
struct frame {
	int32_t tid;
	uint64_t sp;   /* first byte that is the frame's own */
	uint64_t end;  /* its caller's sp */
	uint64_t pc;   /* where it will go on; of the innermost: where it is */
	uint64_t code; /* an address inside the same function: pc, or the call before it */
};

/* Unwinds every thread whose pc and sp are known, as far as that is certain. */
struct frames *frames_create(const struct dump *d, struct symbols *symbols);
void frames_destroy(struct frames *f); /* NULL is fine */
void frames_each(const struct frames *f, void (*fn)(void *arg, const struct frame *frame),
		 void *arg);
/* The frame that owns the word at addr on the stack of tid; NULL where that is unknown. */
const struct frame *frames_find(const struct frames *f, int32_t tid, uint64_t addr);

#endif
