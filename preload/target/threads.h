/* SPDX-License-Identifier: MIT */
/*
 * The threads of this process as the kernel sees them, from /proc/self/task: no signal is sent,
 * nobody is stopped or woken. Called with the gate closed, by the process itself (not its child:
 * the child has only one thread).
 */
#ifndef TARGET_THREADS_H
#define TARGET_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/bump.h"

struct os_thread {
	int32_t tid;
	bool blocked; /* in a system call: sp and pc are valid (the reader itself: in its read) */
	char state;   /* of /proc/.../stat: R S D T ...; '?' if unknown */
	uint64_t sp, pc;
	char name[16]; /* comm, ended by zero */
};

struct os_threads {
	struct os_thread *threads;
	uint32_t nr;
	bool complete; /* false where memory ran out */
};

/* All threads, in the kernel's order.  False where /proc/self/task cannot be read. */
bool threads_read(struct os_threads *out, struct bump *b);

#endif
