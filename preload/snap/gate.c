/* SPDX-License-Identifier: MIT */
/*
 * Closing and opening the gate.  Any context outside the door: no locks, no allocation, errno kept.
 */
#include "snap/gate.h"

#include <errno.h>
#include <linux/membarrier.h>

#include "live/thread.h"
#include "rt/clock.h"
#include "rt/sys.h"
#include "rt/ban.h"

#define GATE_SPINS 200
#define GATE_STEP_NS 50000

void gate_init(void)
{
	gate.needs_fence = sys_membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) != 0;
}

/* Every thread that runs has passed a full barrier: it sees the gate, or we see it inside.  Pairs
 * with thread_enter. */
static void gate_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (gate.needs_fence || sys_membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0)
		return;
	/* Not registered: a child made without libc's fork. */
	if (sys_membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) != 0 ||
	    sys_membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0)
		gate.needs_fence = 1;
}

/* Another closer (a query of the program, a snapshot) is done soon, and needs nothing of us. */
static bool gate_take(uint64_t deadline)
{
	const uint32_t pid = (uint32_t)sys_getpid();

	for (;;) {
		uint32_t seen = __atomic_load_n(&gate.closed, __ATOMIC_RELAXED);

		/* A closer of another process is our parent at the moment of a fork that did not
		 * run the handlers: stale. */
		if (seen != pid && __atomic_compare_exchange_n(&gate.closed, &seen, pid, false,
							       __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			return true;
		if (clock_monotonic_ns() > deadline)
			return false;
		(void)sys_nanosleep(GATE_STEP_NS);
	}
}

static bool thread_is_inside(const struct thread *t)
{
	return t != thread_self && __atomic_load_n(&t->inside, __ATOMIC_ACQUIRE);
}

/* A thread that ended without leaving is not waited for. */
static bool thread_is_over(const struct thread *t)
{
	return sys_tgkill(sys_getpid(), t->tid, 0) == -ESRCH;
}

static bool gate_wait_for(const struct thread *t, uint64_t deadline)
{
	for (unsigned int i = 0; thread_is_inside(t); i++) {
		if (i < GATE_SPINS) {
			__builtin_ia32_pause();
			continue;
		}
		if (i < 2 * GATE_SPINS)
			sys_sched_yield();
		else
			(void)sys_nanosleep(GATE_STEP_NS);
		if (clock_monotonic_ns() > deadline)
			return thread_is_over(t);
	}
	return true;
}

bool gate_close(uint64_t timeout_ns)
{
	const uint64_t deadline = clock_monotonic_ns() + timeout_ns;

	if (!gate_take(deadline))
		return false;
	gate_barrier();
	for (const struct thread *t = __atomic_load_n(&threads_all, __ATOMIC_ACQUIRE); t;
	     t = t->next) {
		if (!gate_wait_for(t, deadline)) {
			gate_open();
			return false;
		}
	}
	return true;
}

void gate_open(void)
{
	__atomic_store_n(&gate.closed, 0, __ATOMIC_SEQ_CST);
	(void)sys_futex_wake(&gate.closed, INT32_MAX);
}
