/* SPDX-License-Identifier: MIT */
/*
 * Time without libc: clock_gettime from the vDSO (found once, by clock_init), else the system call;
 * and the census' coarse ticks. Any thread, in a signal handler, in the snapshot child; errno is
 * kept.
 */
#ifndef RT_CLOCK_H
#define RT_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_TICK_SHIFT 28 /* a tick is 2^28 ns = 0.27 s; live/record.h says why */

/* Written by clock_init, before any second thread; read-only after. */
struct clock_state {
	int (*gettime)(clockid_t clock, struct timespec *t); /* never NULL */
	time_t (*time)(time_t *t);			     /* the same */
	uint64_t start_monotonic_ns; /* tick 0 begins here (CLOCK_MONOTONIC_COARSE at start) */
	uint64_t start_realtime_ns;
};
extern struct clock_state rt_clock;

/* Idempotent. */
void clock_init(void);

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	(void)rt_clock.gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static inline uint64_t clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}
static inline uint64_t clock_realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

/*
 * What changes whenever a second of the wall clock begins, and costs a quarter of reading a clock;
 * it is no time.  CLOCK_NO_SECOND: there is none, ask a clock.
 */
#define CLOCK_NO_SECOND ((uint64_t)-1)
static inline uint64_t clock_second(void)
{
	return (uint64_t)rt_clock.time(NULL);
}

/* Ticks since clock_init; not saturated (the caller compares with RECORD_TICK_MAX). */
static inline uint64_t clock_tick(void)
{
	return (clock_ns(CLOCK_MONOTONIC_COARSE) - rt_clock.start_monotonic_ns) >> CLOCK_TICK_SHIFT;
}

#endif
