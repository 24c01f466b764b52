/* SPDX-License-Identifier: MIT */
/*
 * One thread allocates, another frees: every free is of a block that another thread got.
 *
 *	handoff PAIRS
 *
 * The blocks go through a ring of one writer and one reader, whoever has to wait gives up its turn.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

#include "bench.h"

#define NR_SLOTS 4096

/* Blocks of the slots taken .. given - 1 (modulo NR_SLOTS) are on their way; the producer alone
 * writes given, the consumer alone taken, and each releases the slot with it. */
static struct {
	void *slots[NR_SLOTS];
	size_t given __attribute__((aligned(64)));
	size_t taken __attribute__((aligned(64)));
} ring;

static size_t nr_pairs;

static void *produce(void *unused)
{
	(void)unused;
	for (size_t i = 0; i < nr_pairs; i++) {
		void *block = allocate(16 + (i & 31) * 16);

		/* pairs with the release in consume */
		while (i - __atomic_load_n(&ring.taken, __ATOMIC_ACQUIRE) == NR_SLOTS)
			sched_yield();
		ring.slots[i % NR_SLOTS] = block;
		__atomic_store_n(&ring.given, i + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void consume(void)
{
	for (size_t i = 0; i < nr_pairs; i++) {
		/* pairs with the release in produce */
		while (__atomic_load_n(&ring.given, __ATOMIC_ACQUIRE) == i)
			sched_yield();
		free(ring.slots[i % NR_SLOTS]);
		__atomic_store_n(&ring.taken, i + 1, __ATOMIC_RELEASE);
	}
}

int main(int argc, char **argv)
{
	pthread_t producer;
	double start;

	if (argc != 2) {
		fprintf(stderr, "usage: handoff PAIRS\n");
		return 2;
	}
	nr_pairs = strtoull(argv[1], NULL, 10);
	if (!nr_pairs)
		return 2;
	start = now_ns();
	if (pthread_create(&producer, NULL, produce, NULL))
		abort();
	consume();
	pthread_join(producer, NULL);
	printf("%.2f\n", (now_ns() - start) / (double)nr_pairs);
	return 0;
}
