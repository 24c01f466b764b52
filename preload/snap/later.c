/* SPDX-License-Identifier: MIT */
/*
 * One timer for the process, made when it is first asked for.  exec ends it, and what it has sent.
 */
#include "snap/later.h"

#include <stddef.h>
#include <time.h>

#include "rt/process.h"
#include "rt/sys.h"
#include "snap/signals.h"
#include "rt/ban.h"

enum later_state {
	LATER_NONE,
	LATER_BUSY,	/* a thread is making it, or there can be none */
	LATER_READY,
};

static struct {
	uint32_t state;		/* enum later_state (atomic) */
	int32_t timer;		/* the kernel's number; before state becomes READY */
	bool armed;		/* (atomic) */
} later;

static bool later_create(int signal)
{
	uint32_t none = LATER_NONE;
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = signal,
		.sigev_value.sival_ptr = &later,
	};

	if (__atomic_load_n(&later.state, __ATOMIC_ACQUIRE) == LATER_READY)
		return true;
	/* Where the system gives none, for it counts as a signal that waits, it is not asked again.
	 */
	if (!__atomic_compare_exchange_n(&later.state, &none, LATER_BUSY, false, __ATOMIC_RELAXED,
					 __ATOMIC_RELAXED) ||
	    sys_call3(SYS_timer_create, CLOCK_MONOTONIC, (long)&event, (long)&later.timer) != 0)
		return false;
	__atomic_store_n(&later.state, LATER_READY, __ATOMIC_RELEASE);
	return true;
}

void later_ask(int signal, uint64_t monotonic_ns, uint64_t mask)
{
	const struct itimerspec at = {
		.it_value = { (time_t)(monotonic_ns / 1000000000),
			      (long)(monotonic_ns % 1000000000) },
	};

	if (mask & signal_bit(signal) || !later_create(signal))
		return;
	__atomic_store_n(&later.armed, true, __ATOMIC_RELAXED);
	(void)sys_call4(SYS_timer_settime, later.timer, TIMER_ABSTIME, (long)&at, 0);
}

void later_stop(void)
{
	const struct itimerspec never = {.it_value = {0}};

	/* A child of vfork has our memory, but not our timer. */
	if (__atomic_load_n(&later.armed, __ATOMIC_RELAXED) && sys_getpid() == rt_process.pid &&
	    __atomic_exchange_n(&later.armed, false, __ATOMIC_RELAXED))
		(void)sys_call4(SYS_timer_settime, later.timer, 0, (long)&never, 0);
}

bool later_is_now(const siginfo_t *info)
{
	return info->si_code == SI_TIMER && info->si_value.sival_ptr == &later;
}

void later_after_fork(void)
{
	later.state = LATER_NONE;
	later.armed = false;
}
