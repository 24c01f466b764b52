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

/* Written by clock_init, before any second thread; but for second read-only after. */
struct clock_state {
	int (*gettime)(clockid_t clock, struct timespec *t); /* never NULL */
	time_t (*time)(time_t *t);			     /* the same */
	const uint64_t *second;	     /* the word that time reads, or one of CLOCK_NO_SECOND */
	uint64_t start_monotonic_ns; /* tick 0 begins here (CLOCK_MONOTONIC_COARSE at start) */
	uint64_t start_realtime_ns;
};
extern struct clock_state rt_clock __attribute__((visibility("hidden")));

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
 * What changes whenever a second of the wall clock begins; it is no time.  clock_second is one look
 * at memory, clock_ask_second takes a quarter of what reading a clock does, and makes sure that the
 * other one goes on.  CLOCK_NO_SECOND: it has none, ask the next: a clock.
 */
#define CLOCK_NO_SECOND ((uint64_t)-1)
static inline uint64_t clock_second(void)
{
	return __atomic_load_n(__atomic_load_n(&rt_clock.second, __ATOMIC_RELAXED),
			       __ATOMIC_RELAXED);
}
uint64_t clock_ask_second(void);

/* Ticks since clock_init; not saturated (the caller compares with RECORD_TICK_MAX). */
static inline uint64_t clock_tick(void)
{
	return (clock_ns(CLOCK_MONOTONIC_COARSE) - rt_clock.start_monotonic_ns) >> CLOCK_TICK_SHIFT;
}

#endif
