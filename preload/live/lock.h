/* SPDX-License-Identifier: MIT */
/*
 * A futex lock for the slow paths of this room.  Taken only by a thread that is inside the door (so with the gate closed nobody
 * holds one, and a signal handler that interrupts the holder does not come here), or by the fork handlers.  Keeps errno.
 */
#ifndef LIVE_LOCK_H
#define LIVE_LOCK_H

#include <stdint.h>

#include "rt/sys.h"

struct lock {
	uint32_t word;	/* 0 free, 1 held, 2 held and somebody sleeps */
};

static inline void lock_take(struct lock *l)
{
	uint32_t seen = 0;

	if (__atomic_compare_exchange_n(&l->word, &seen, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&l->word, 2, __ATOMIC_ACQUIRE) != 0)
		sys_futex_wait(&l->word, 2, NULL);
}

/* Its release pairs with the acquires in lock_take. */
static inline void lock_give(struct lock *l)
{
	if (__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) == 2)
		sys_futex_wake(&l->word, 1);
}

#endif
