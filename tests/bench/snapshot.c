/* SPDX-License-Identifier: MIT */
/*
 * A program that works while a snapshot of it is written.
 *
 *	snapshot BLOCKS BYTES CONTENTS WORK THREADS FOLDER
 *
 * Holds BLOCKS blocks of BYTES bytes together, of contents: zero, random, or objects (a table
 * pointer, pointers to other blocks, small numbers, text).  THREADS threads work: churn (each frees
 * and allocates blocks of its own, a megabyte of them, and writes to them), or scatter (each writes
 * to random blocks of all).  For a second as it is; then it sends itself SIGUSR1 and goes on until
 * FOLDER has one more dump.  Prints "quiet_per_s meanwhile_per_s seconds cpu_seconds": pieces of
 * work by second before and meanwhile, how long the dump took, and the processor time of who wrote
 * it.
 */
#include <glob.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OWN_BLOCKS 8192
#define THREADS_MAX 16
#define TIMEOUT_S 300

static char **blocks;
static size_t nr_blocks, block_size;
static int done;

struct worker {
	pthread_t thread;
	int scatters;
	uint64_t seed;
	uint64_t nr; /* pieces of work done */
	char padding[64];
};

static struct worker workers[THREADS_MAX];

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void churn(char **own, uint64_t *seed)
{
	const size_t i = next_random(seed) % OWN_BLOCKS;

	free(own[i]);
	own[i] = malloc(16 + *seed % 224);
	if (!own[i])
		abort();
	memset(own[i], (int)i, 16);
}

static void *work(void *argument)
{
	struct worker *const w = argument;
	char *own[OWN_BLOCKS] = {NULL};

	while (!__atomic_load_n(&done, __ATOMIC_RELAXED)) {
		if (w->scatters)
			blocks[next_random(&w->seed) % nr_blocks][block_size / 2]++;
		else
			churn(own, &w->seed);
		__atomic_store_n(&w->nr, w->nr + 1, __ATOMIC_RELAXED);
	}
	for (size_t i = 0; i < OWN_BLOCKS; i++)
		free(own[i]);
	return NULL;
}

static uint64_t word_of(const char *contents, size_t block, size_t at, uint64_t *seed)
{
	const uint64_t r = next_random(seed);

	if (!strcmp(contents, "zero"))
		return 0;
	if (!strcmp(contents, "random"))
		return r;
	if (at == 0)
		return 0x555555554000 + r % 40 * 64;
	if (at % 24 == 8 && block)
		return (uint64_t)blocks[block - r % (block < 1000 ? block : 1000) - 1];
	return at % 24 == 16 ? r % 1000 : 0x20656c6369747261 + r % 26;
}

static void fill(const char *contents)
{
	uint64_t seed = 88172645463325252;

	for (size_t i = 0; i < nr_blocks; i++) {
		blocks[i] = malloc(block_size);
		if (!blocks[i])
			abort();
		for (size_t at = 0; at + 8 <= block_size; at += 8) {
			const uint64_t word = word_of(contents, i, at, &seed);

			memcpy(blocks[i] + at, &word, sizeof(word));
		}
	}
}

static size_t count_dumps(const char *folder)
{
	char pattern[4096];
	glob_t found;
	size_t nr;

	(void)snprintf(pattern, sizeof(pattern), "%s/*.hc", folder);
	(void)glob(pattern, 0, NULL, &found);
	nr = found.gl_pathc;
	globfree(&found);
	return nr;
}

/* Of the process that wrote the dump; the preload may have waited for it already. */
static double writer_cpu(void)
{
	struct rusage usage;

	(void)waitpid(-1, NULL, __WALL);
	getrusage(RUSAGE_CHILDREN, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static uint64_t count_work(int nr_workers)
{
	uint64_t nr = 0;

	for (int i = 0; i < nr_workers; i++)
		nr += __atomic_load_n(&workers[i].nr, __ATOMIC_RELAXED);
	return nr;
}

int main(int argc, char **argv)
{
	double start, quiet, meanwhile, seconds;
	uint64_t before;
	size_t dumps;
	int nr;

	if (argc != 7) {
		fprintf(stderr, "usage: snapshot BLOCKS BYTES zero|random|objects churn|scatter "
				"THREADS FOLDER\n");
		return 2;
	}
	nr_blocks = strtoull(argv[1], NULL, 10);
	block_size = strtoull(argv[2], NULL, 10) / nr_blocks;
	nr = atoi(argv[5]);
	blocks = malloc(nr_blocks * sizeof(*blocks));
	if (!blocks || nr > THREADS_MAX || block_size < 8)
		return 2;
	fill(argv[3]);
	for (int i = 0; i < nr; i++) {
		workers[i].scatters = !strcmp(argv[4], "scatter");
		workers[i].seed = 88172645463325252 + (uint64_t)i;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			abort();
	}
	usleep(200000);
	start = now();
	before = count_work(nr);
	sleep(1);
	quiet = (double)(count_work(nr) - before) / (now() - start);
	dumps = count_dumps(argv[6]);
	start = now();
	before = count_work(nr);
	kill(getpid(), SIGUSR1);
	while (count_dumps(argv[6]) == dumps && now() < start + TIMEOUT_S)
		usleep(1000);
	seconds = now() - start;
	meanwhile = (double)(count_work(nr) - before) / seconds;
	printf("%.0f %.0f %.3f %.6f\n", quiet, meanwhile, seconds, writer_cpu());
	__atomic_store_n(&done, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < nr; i++)
		pthread_join(workers[i].thread, NULL);
	return 0;
}
