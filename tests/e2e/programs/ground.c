/* SPDX-License-Identifier: MIT */
/*
 * ground THREADS OPERATIONS SEED [failures]: uses every entry point of the allocator from THREADS
 * threads, which free each other's blocks, and keeps a log of its own (ground.h).
 * tests/e2e/test_ground.py compares the log in a dump with the census in the same dump.
 *
 * Says "ready" when the threads are there and none of them has allocated; begins at a line on
 * standard input; ends at its end, but not before OPERATIONS are done.  Each thread looks after its
 * own operations: blocks hold what was written, sizes and errno are right.  With "failures" it asks
 * for too much as well (how that fails differs between allocators; glibc's way is what is looked
 * for).
 */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ground_forms.h"
#include "ground_step.h"
#include "heapcensus/tag.h"

struct ground_log ground_log;

static struct worker workers[GROUND_NR_THREADS];
static pthread_barrier_t barrier;
static uint64_t operations;	/* of each thread */
static bool with_failures;
static int stop;

void worker_complain(struct worker *w, const char *what, const char *form, uint64_t size)
{
	if (w->nr_errors++ < 5)
		dprintf(STDERR_FILENO, "thread %u: %s: %s of %lu bytes\n", w->index, what, form,
			(unsigned long)size);
}

/* Requests that must fail, and say so. */
static void worker_fail(struct worker *w)
{
	const size_t too_much = (size_t)PTRDIFF_MAX - w->random % 4096;
	volatile size_t half = SIZE_MAX / 2;
	void *p = NULL, *volatile kept;

	errno = 0;
	if (malloc(too_much) || errno != ENOMEM)
		worker_complain(w, "malloc did not fail", "malloc", too_much);
	errno = 0;
	if (calloc(half, 4) || errno != ENOMEM)
		worker_complain(w, "calloc did not fail", "calloc", half);
	errno = 0;
	kept = malloc(100);
	if (!kept || realloc(kept, too_much) || errno != ENOMEM)
		worker_complain(w, "realloc did not fail", "realloc", too_much);
	errno = 0;
	if (!kept || reallocarray(kept, half, 4) || errno != ENOMEM)
		worker_complain(w, "reallocarray did not fail", "reallocarray", half);
	free(kept);
	if (posix_memalign(&p, 24, 100) != EINVAL || posix_memalign(&p, 64, too_much) != ENOMEM)
		worker_complain(w, "posix_memalign did not fail", "posix_memalign", 24);
	if (ground_new_failures(too_much))
		worker_complain(w, "operator new did not fail", "new", too_much);
}

static void *worker_main(void *arg)
{
	struct worker *const w = arg;
	char scope[32];

	snprintf(scope, sizeof(scope), "worker:%u", w->index);
	ground_log.tids[w->index] = gettid();
	pthread_barrier_wait(&barrier);	/* the main thread says "ready" */
	pthread_barrier_wait(&barrier);
	if (with_failures)
		worker_fail(w);		/* before the log counts: its blocks are gone again */
	pthread_barrier_wait(&barrier);
	heapcensus_scope_enter(scope);
	while (w->nr_operations < operations || !__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		worker_step(w);
		if (w->nr_operations % 2048 == 0)
			usleep(w->nr_operations < operations ? 2000
							     : 30000); /* let dumps be written */
	}
	heapcensus_scope_leave();
	return NULL;
}

/* Not through stdio: its buffer would be in the census. */
static void say(const char *line)
{
	if (write(STDOUT_FILENO, line, strlen(line)) < 0)
		_exit(3);
}

static void wait_for_line(void)
{
	char c = 0;
	ssize_t n;

	while ((n = read(STDIN_FILENO, &c, 1)) > 0 && c != '\n')
		;
	if (n < 0)
		perror("read");
}

static void start(uint32_t nr_threads, uint64_t seed)
{
	pthread_barrier_init(&barrier, NULL, nr_threads + 1);
	for (uint32_t i = 0; i < nr_threads; i++) {
		char *const pool = malloc((GROUND_NR_PIECES + 1) * GROUND_PIECE);

		workers[i].index = i;
		workers[i].random = seed * 1000003 + i * 7919 + 1;
		for (uint32_t j = 0; j < GROUND_NR_PIECES; j++)
			ground_pieces[i * GROUND_NR_PIECES + j] = pool + (j + 1) * GROUND_PIECE;
		if (pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) != 0)
			abort();
	}
	pthread_barrier_wait(&barrier);
}

int main(int argc, char **argv)
{
	const uint32_t nr_threads = argc > 1 ? strtoul(argv[1], NULL, 0) : 8;
	const uint64_t seed = argc > 3 ? strtoul(argv[3], NULL, 0) : 1;
	uint64_t nr_operations = 0, nr_errors = 0;
	sigset_t usr1;

	if (nr_threads < 1 || nr_threads > GROUND_NR_THREADS)
		return 2;
	operations = (argc > 2 ? strtoul(argv[2], NULL, 0) : 1000000) / nr_threads;
	with_failures = argc > 4;
	ground_forms_init();
	memcpy(ground_log.magic, GROUND_MAGIC, sizeof(ground_log.magic));
	ground_log.nr_threads = nr_threads;
	ground_log.nr_slots = GROUND_NR_SLOTS + nr_threads * GROUND_NR_PIECES;
	start(nr_threads, seed);
	say("ready\n");
	wait_for_line();
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &usr1, NULL); /* from here on one of the workers gets it */
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	say("running\n");
	wait_for_line();
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < nr_threads; i++) {
		pthread_join(workers[i].thread, NULL);
		nr_operations += workers[i].nr_operations;
		nr_errors += workers[i].nr_errors;
	}
	dprintf(STDOUT_FILENO, "operations %lu errors %lu\n", (unsigned long)nr_operations,
		(unsigned long)nr_errors);
	return nr_errors != 0;
}
