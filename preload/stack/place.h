/* SPDX-License-Identifier: MIT */
/*
 * Where a frame is: the registers that decide how a stack goes on.
 */
#ifndef STACK_PLACE_H
#define STACK_PLACE_H

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

#endif
