/* SPDX-License-Identifier: MIT */
/*
 * Pairs of malloc and free in threads that share no block.
 *
 *	churn THREADS LIVE PAIRS [MOST]
 *
 * LIVE 0: each thread frees what it has just allocated (hot).  Else all threads together keep LIVE
 * blocks of 16 to MOST (527) bytes, and each pair replaces a random one of the thread's share
 * (cold: table and block are rarely in the cache).
 */
#include <pthread.h>
#include <stdio.h>

#include "bench.h"

#define NR_THREADS_MAX 64
#define SMALLEST       16
#define MOST	       527

struct work {
	pthread_t thread;
	uint64_t random;
	size_t nr_live;
	size_t nr_pairs;
	size_t nr_sizes;
	double ns;
};

static pthread_barrier_t filled;

static size_t size_of(const struct work *w, uint64_t random)
{
	return SMALLEST + ((random & 0xffff) * w->nr_sizes >> 16);
}

static void hot(struct work *w)
{
	for (size_t i = 0; i < w->nr_pairs; i++)
		free(allocate(SMALLEST + (i & 15) * 16));
}

static void cold(struct work *w, void **live)
{
	for (size_t i = 0; i < w->nr_pairs; i++) {
		uint64_t r = next_random(&w->random);
		void **slot = &live[(r >> 16) % w->nr_live];

		free(*slot);
		*slot = allocate(size_of(w, r));
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
			live[i] = allocate(size_of(w, next_random(&w->random)));
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
	struct work work[NR_THREADS_MAX] = {0};
	size_t nr_threads, nr_live, nr_pairs, most;
	double sum = 0;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: churn THREADS LIVE PAIRS [MOST]\n");
		return 2;
	}
	nr_threads = strtoull(argv[1], NULL, 10);
	nr_live = strtoull(argv[2], NULL, 10);
	nr_pairs = strtoull(argv[3], NULL, 10);
	most = argc == 5 ? strtoull(argv[4], NULL, 10) : MOST;
	if (!nr_threads || nr_threads > NR_THREADS_MAX || !nr_pairs || most < SMALLEST)
		return 2;
	pthread_barrier_init(&filled, NULL, (unsigned int)nr_threads);
	for (size_t i = 0; i < nr_threads; i++) {
		work[i] = (struct work){ .random = BENCH_SEED + i,
					 .nr_live = nr_live / nr_threads,
					 .nr_pairs = nr_pairs,
					 .nr_sizes = most - SMALLEST + 1 };
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
