/* SPDX-License-Identifier: MIT */
/*
 * What the micro-benchmarks share.  Each prints nanoseconds per malloc+free pair as the last number
 * of a line of its own, and nothing else.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#define BENCH_SEED 88172645463325252u

/* xorshift64; *state is never 0. */
static inline uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static inline double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Touched, and nothing that the compiler may leave out with its free(). */
static inline void *allocate(size_t size)
{
	volatile char *p = malloc(size);

	if (!p)
		abort();
	p[0] = 1;
	return (void *)p;
}

#endif
