/* SPDX-License-Identifier: MIT */
/*
 * How long a snapshot stops the program: the longest gap that a thread sees which only spins on the
 *clock (spin), or on malloc and free (malloc).  One of them at a time, so that on two cores it
 *shares none with the snapshot's child.
 *
 *	pause BLOCKS BYTES SIGNAL SECONDS spin|malloc
 *
 * Holds BLOCKS blocks of BYTES bytes together, all touched; watches for SECONDS without a snapshot,
 *then sends itself SIGNAL (0: none) and watches for SECONDS more.  Prints "quiet_ms snapshot_ms".
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum phase { PHASE_WARM, PHASE_QUIET, PHASE_SNAPSHOT, PHASE_DONE };

static int phase;

struct watcher {
	pthread_t thread;
	int allocates;
	double gap_ms[PHASE_DONE + 1];
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void *watch(void *argument)
{
	struct watcher *w = argument;
	double last = now_ms();

	for (;;) {
		int in = __atomic_load_n(&phase, __ATOMIC_RELAXED);
		double now;

		if (in == PHASE_DONE)
			return NULL;
		if (w->allocates) {
			char *volatile p = malloc(100);

			free(p);
		}
		now = now_ms();
		if (now - last > w->gap_ms[in])
			w->gap_ms[in] = now - last;
		last = now;
	}
}

static void enter(enum phase next, unsigned int seconds)
{
	__atomic_store_n(&phase, next, __ATOMIC_RELAXED);
	for (double end = now_ms() + seconds * 1e3; now_ms() < end;)
		usleep(10000);
}

int main(int argc, char **argv)
{
	struct watcher watcher = {0};
	size_t nr_blocks, size;
	unsigned int seconds;
	int signal_number;
	char **blocks;

	if (argc != 6) {
		fprintf(stderr, "usage: pause BLOCKS BYTES SIGNAL SECONDS spin|malloc\n");
		return 2;
	}
	nr_blocks = strtoull(argv[1], NULL, 10);
	size = nr_blocks ? strtoull(argv[2], NULL, 10) / nr_blocks : 0;
	signal_number = atoi(argv[3]);
	seconds = (unsigned int)atoi(argv[4]);
	watcher.allocates = !strcmp(argv[5], "malloc");
	blocks = malloc((nr_blocks + 1) * sizeof(*blocks));
	if (!blocks)
		abort();
	for (size_t i = 0; i < nr_blocks; i++) {
		blocks[i] = malloc(size);
		if (!blocks[i])
			abort();
		memset(blocks[i], (int)i, size);
	}
	if (pthread_create(&watcher.thread, NULL, watch, &watcher))
		abort();
	enter(PHASE_WARM, 1);
	enter(PHASE_QUIET, seconds);
	__atomic_store_n(&phase, PHASE_SNAPSHOT, __ATOMIC_RELAXED);
	if (signal_number)
		kill(getpid(), signal_number);
	enter(PHASE_SNAPSHOT, seconds);
	enter(PHASE_DONE, 0);
	pthread_join(watcher.thread, NULL);
	printf("%.2f %.2f\n", watcher.gap_ms[PHASE_QUIET], watcher.gap_ms[PHASE_SNAPSHOT]);
	for (size_t i = 0; i < nr_blocks; i++)
		free(blocks[i]);
	free(blocks);
	return 0;
}
