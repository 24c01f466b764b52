/* SPDX-License-Identifier: MIT */
/*
 * Allocator micro-benchmarks; prints nanoseconds per malloc+free pair and nothing else.
 *
 *	micro THREADS LIVE PAIRS
 *
 * LIVE 0: each thread frees what it has just allocated (hot).  Else all threads together keep LIVE
 *blocks, and each pair replaces a random one of the thread's share (cold: table and block are
 *rarely in the cache).
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct work {
	pthread_t thread;
	uint64_t random;
	size_t nr_live;
	size_t nr_pairs;
	double ns;
};

static pthread_barrier_t filled;

static uint64_t next_random(struct work *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random;
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *allocate(size_t size)
{
	volatile char *p = malloc(size);

	if (!p)
		abort();
	p[0] = 1;
	return (void *)p;
}

static void hot(struct work *w)
{
	for (size_t i = 0; i < w->nr_pairs; i++)
		free(allocate(16 + (i & 15) * 16));
}

static void cold(struct work *w, void **live)
{
	for (size_t i = 0; i < w->nr_pairs; i++) {
		uint64_t r = next_random(w);
		void **slot = &live[(r >> 16) % w->nr_live];

		free(*slot);
		*slot = allocate(16 + (r & 511));
	}
}

static void *run(void *argument)
{
	struct work *w = argument;
	void **live = NULL;
	double start;

	if (w->nr_live) {
		live = malloc(w->nr_live * sizeof(*live));
		if (!live)
			abort();
		for (size_t i = 0; i < w->nr_live; i++)
			live[i] = allocate(16 + (next_random(w) & 511));
	}
	pthread_barrier_wait(&filled);
	start = now_ns();
	if (live)
		cold(w, live);
	else
		hot(w);
	w->ns = (now_ns() - start) / (double)w->nr_pairs;
	pthread_barrier_wait(&filled);
	for (size_t i = 0; i < w->nr_live; i++)
		free(live[i]);
	free(live);
	return NULL;
}

int main(int argc, char **argv)
{
	struct work work[64] = {0};
	size_t nr_threads, nr_live, nr_pairs;
	double sum = 0;

	if (argc != 4) {
		fprintf(stderr, "usage: micro THREADS LIVE PAIRS\n");
		return 2;
	}
	nr_threads = strtoull(argv[1], NULL, 10);
	nr_live = strtoull(argv[2], NULL, 10);
	nr_pairs = strtoull(argv[3], NULL, 10);
	if (!nr_threads || nr_threads > 64 || !nr_pairs)
		return 2;
	pthread_barrier_init(&filled, NULL, (unsigned int)nr_threads);
	for (size_t i = 0; i < nr_threads; i++) {
		work[i] = (struct work){ .random = 88172645463325252u + i,
					 .nr_live = nr_live / nr_threads,
					 .nr_pairs = nr_pairs };
		if (i && pthread_create(&work[i].thread, NULL, run, &work[i]))
			abort();
	}
	run(&work[0]);
	for (size_t i = 0; i < nr_threads; i++) {
		if (i)
			pthread_join(work[i].thread, NULL);
		sum += work[i].ns;
	}
	printf("%.2f\n", sum / (double)nr_threads);
	return 0;
}
