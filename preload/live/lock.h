/* SPDX-License-Identifier: MIT */
/*
 * A futex lock for the slow paths of this room.  Taken only by a thread that is inside the door (so
 * with the gate closed nobody holds one, and a signal handler that interrupts the holder does not
 * come here), or by the fork handlers: all of them, and until fork has returned this thread's other
 * fork handlers, which may call the allocator, find them open.  Keeps errno.
 */
#ifndef LIVE_LOCK_H
#define LIVE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "rt/sys.h"

/* This thread holds every lock of this kind, for a fork.  Written by hook/start.c. */
extern __thread bool lock_all_held __attribute__((tls_model("initial-exec"), visibility("hidden")));

struct lock {
	uint32_t word;	/* 0 free, 1 held, 2 held and somebody sleeps */
};

static inline void lock_take(struct lock *l)
{
	uint32_t seen = 0;

	if (lock_all_held)
		return;
	if (__atomic_compare_exchange_n(&l->word, &seen, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE) != 0)
		sys_futex_wait(&l->word, 2, NULL);
}

/* Its release pairs with the acquires in lock_take. */
static inline void lock_give(struct lock *l)
{
	if (lock_all_held)
		return;
	if (__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2)
		sys_futex_wake(&l->word, 1);
}

#endif
