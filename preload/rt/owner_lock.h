/* SPDX-License-Identifier: MIT */
/*
 * A futex lock that knows its holder, for code whose callers we do not control: a thread that comes
 * back while it holds the lock (a signal handler that interrupted it) is told so rather than left
 * waiting for itself.  It can be held across fork(), in which time the forking thread may go on
 * using what it protects.  Any thread, any context but the snapshot child; keeps errno.
 */
#ifndef RT_OWNER_LOCK_H
#define RT_OWNER_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct owner_lock {
	uint32_t word;	  /* tid of the holder, and a bit for "somebody waits"; 0: free */
	uint32_t in_fork; /* the forker has acquired it once more meanwhile */
	uint64_t forker;  /* thread pointer of the holder while it is in fork(), or 0: in the child
			     that is the same, where the tid is another */
};

/* False where this thread has it already. */
bool owner_lock_acquire(struct owner_lock *l);
void owner_lock_release(struct owner_lock *l);

/* For pthread_atfork: before, after in the parent, after in the child. */
void owner_lock_fork_prepare(struct owner_lock *l);
void owner_lock_fork_parent(struct owner_lock *l);
void owner_lock_fork_child(struct owner_lock *l);

#endif
