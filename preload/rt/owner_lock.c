/* SPDX-License-Identifier: MIT */
/*
 * The lock of rt/owner_lock.h.  The word is the holder, so there is no moment at which the lock is
 * held and nobody knows by whom.
 */
#include "rt/owner_lock.h"

#include "rt/sys.h"
#include "rt/ban.h"

#define WAITERS 0x80000000u

bool owner_lock_acquire(struct owner_lock *l)
{
	const uint32_t me = (uint32_t)sys_gettid();

	for (;;) {
		uint32_t seen = 0;

		/* The acquire pairs with the release in owner_lock_release. */
		if (__atomic_compare_exchange_n(&l->word, &seen, me, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
		/* Only our own value matters, and that we have written ourselves. */
		if (__atomic_load_n(&l->forker, __ATOMIC_RELAXED) == sys_thread_pointer()) {
			if (l->in_fork)
				return false;
			l->in_fork = 1;
			return true;
		}
		if ((seen & ~WAITERS) == me)
			return false;
		if (seen & WAITERS ||
		    __atomic_compare_exchange_n(&l->word, &seen, seen | WAITERS, false,
						__ATOMIC_RELAXED, __ATOMIC_RELAXED))
			(void)sys_futex_wait(&l->word, seen | WAITERS, NULL);
	}
}

void owner_lock_release(struct owner_lock *l)
{
	if (l->forker) {
		l->in_fork = 0;
		return;
	}
	if (__atomic_exchange_n(&l->word, 0, __ATOMIC_RELEASE) & WAITERS)
		(void)sys_futex_wake(&l->word, INT32_MAX);
}

void owner_lock_fork_prepare(struct owner_lock *l)
{
	if (owner_lock_acquire(l))
		__atomic_store_n(&l->forker, sys_thread_pointer(), __ATOMIC_RELAXED);
}

void owner_lock_fork_parent(struct owner_lock *l)
{
	if (!l->forker)
		return;
	__atomic_store_n(&l->forker, 0, __ATOMIC_RELAXED);
	owner_lock_release(l);
}

/* The parent's waiters are not here. */
void owner_lock_fork_child(struct owner_lock *l)
{
	l->forker = 0;
	l->in_fork = 0;
	__atomic_store_n(&l->word, 0, __ATOMIC_RELEASE);
}
