/* SPDX-License-Identifier: MIT */
/*
 * Threads that pass their blocks on, as a server's do (after Larson and Krishnan, "Memory
 * allocation for long-running server applications").
 *
 *	larson THREADS BLOCKS PAIRS
 *
 * Each thread has a share of BLOCKS and replaces random ones of it, PAIRS_A_LIFE times; then it
 * ends, and a new thread goes on with the share of its neighbour: most blocks are freed by another
 * thread than the one that got them, often after that has ended.
 */
#include <pthread.h>
#include <stdio.h>

#include "bench.h"

#define NR_THREADS_MAX 64
#define PAIRS_A_LIFE   50000

struct share {
	pthread_t thread;
	uint64_t random;
	void **blocks;
	size_t nr_blocks;
};

static size_t pairs_a_life;

static void *live(void *argument)
{
	struct share *s = argument;

	for (size_t i = 0; i < pairs_a_life; i++) {
		uint64_t r = next_random(&s->random);
		void **slot = &s->blocks[(r >> 16) % s->nr_blocks];

		free(*slot);
		*slot = allocate(16 + (r & 511));
	}
	return NULL;
}

static void fill(struct share *s, size_t nr_blocks, uint64_t seed)
{
	s->random = seed;
	s->nr_blocks = nr_blocks;
	s->blocks = malloc(nr_blocks * sizeof(*s->blocks));
	if (!s->blocks)
		abort();
	for (size_t i = 0; i < nr_blocks; i++)
		s->blocks[i] = allocate(16 + (next_random(&s->random) & 511));
}

static void pass_on(struct share *shares, size_t nr_threads)
{
	void **first = shares[0].blocks;

	for (size_t i = 0; i + 1 < nr_threads; i++)
		shares[i].blocks = shares[i + 1].blocks;
	shares[nr_threads - 1].blocks = first;
}

static void one_life(struct share *shares, size_t nr_threads)
{
	for (size_t i = 0; i < nr_threads; i++)
		if (pthread_create(&shares[i].thread, NULL, live, &shares[i]))
			abort();
	for (size_t i = 0; i < nr_threads; i++)
		pthread_join(shares[i].thread, NULL);
	pass_on(shares, nr_threads);
}

int main(int argc, char **argv)
{
	struct share shares[NR_THREADS_MAX];
	size_t nr_threads, nr_blocks, nr_pairs, nr_lives;
	double start;

	if (argc != 4) {
		fprintf(stderr, "usage: larson THREADS BLOCKS PAIRS\n");
		return 2;
	}
	nr_threads = strtoull(argv[1], NULL, 10);
	nr_blocks = strtoull(argv[2], NULL, 10);
	nr_pairs = strtoull(argv[3], NULL, 10);
	if (!nr_threads || nr_threads > NR_THREADS_MAX || nr_blocks < nr_threads || !nr_pairs)
		return 2;
	pairs_a_life = nr_pairs < PAIRS_A_LIFE ? nr_pairs : PAIRS_A_LIFE;
	nr_lives = nr_pairs / pairs_a_life;
	for (size_t i = 0; i < nr_threads; i++)
		fill(&shares[i], nr_blocks / nr_threads, BENCH_SEED + i);
	start = now_ns();
	for (size_t i = 0; i < nr_lives; i++)
		one_life(shares, nr_threads);
	printf("%.2f\n", (now_ns() - start) / (double)(nr_lives * pairs_a_life));
	return 0;
}
