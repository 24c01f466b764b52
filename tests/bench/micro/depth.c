/* SPDX-License-Identifier: MIT */
/*
 * Pairs of malloc and free far down the stack.
 *
 *	depth FRAMES PAIRS
 *
 * The program goes FRAMES calls down, allocates PAIRS_A_VISIT times there, comes back and goes down
 * again.  In the last PATH_FRAMES of them the way is one of 2^PATH_FRAMES: so most stacks are the
 * one before, the others differ from it somewhere near their end, as in a parser or a crawler.
 */
#include <stdio.h>

#include "bench.h"

#define PAIRS_A_VISIT 16
#define PATH_FRAMES   8

static void descend(size_t nr_frames, uint64_t path);

static void allocate_here(void)
{
	for (size_t i = 0; i < PAIRS_A_VISIT; i++)
		free(allocate(16 + i * 16));
}

/* The two ways down; what follows the call keeps the frame, as a tail call would not. */
__attribute__((noinline)) static void left(size_t nr_frames, uint64_t path)
{
	descend(nr_frames, path);
	__asm__ volatile("");
}

__attribute__((noinline)) static void right(size_t nr_frames, uint64_t path)
{
	descend(nr_frames, path);
	__asm__ volatile("" : : : "memory");
}

/* Part of left and right: it is no frame of its own. */
__attribute__((always_inline)) static inline void descend(size_t nr_frames, uint64_t path)
{
	if (!nr_frames)
		allocate_here();
	else if (nr_frames <= PATH_FRAMES && path >> (nr_frames - 1) & 1)
		left(nr_frames - 1, path);
	else
		right(nr_frames - 1, path);
}

int main(int argc, char **argv)
{
	uint64_t random = BENCH_SEED;
	size_t nr_frames, nr_visits;
	double start;

	if (argc != 3) {
		fprintf(stderr, "usage: depth FRAMES PAIRS\n");
		return 2;
	}
	nr_frames = strtoull(argv[1], NULL, 10);
	nr_visits = strtoull(argv[2], NULL, 10) / PAIRS_A_VISIT;
	if (!nr_visits)
		return 2;
	start = now_ns();
	for (size_t i = 0; i < nr_visits; i++)
		right(nr_frames, next_random(&random));
	printf("%.2f\n", (now_ns() - start) / (double)(nr_visits * PAIRS_A_VISIT));
	return 0;
}
