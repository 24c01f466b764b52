/* SPDX-License-Identifier: MIT */
/*
 * Where a frame is: the registers that decide how a stack goes on.
 */
#ifndef STACK_PLACE_H
#define STACK_PLACE_H

#include <stdbool.h>
#include <stdint.h>

struct place {
	uint64_t pc; /* a return address, or where a function of ours is */
	uint64_t sp, rbp;
};

/* Of the function that this stands in.  Once only in each, as the stack pointer is another one
 * elsewhere in it. */
#define PLACE_HERE(place) \
	__asm__ volatile("lea 1f(%%rip), %0\n\tmov %%rsp, %1\n\tmov %%rbp, %2\n1:" \
			 : "=&r"((place).pc), "=&r"((place).sp), "=&r"((place).rbp))

/* Small, and in the path of every allocation. */
#define PLACE_INLINE __attribute__((always_inline)) static inline

/* How far the stack that the thread is on was found to be readable: [low, high), from a page that
 * a frame of ours was in.  Where stacks come and go, what is further out than the frames that are
 * there now may not be readable any more. */
struct stack_range {
	uint64_t low, high;
	int32_t tid; /* of that thread: a later one may have its struct thread */
};

PLACE_INLINE bool range_has(const struct stack_range *r, uint64_t sp, int32_t tid)
{
	return sp - r->low < r->high - r->low && r->tid == tid;
}

#endif
