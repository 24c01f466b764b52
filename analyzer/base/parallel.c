/* SPDX-License-Identifier: MIT */
/*
 * Threads that take the next piece that nobody has taken.
 */
#include "base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

struct work {
	uint64_t nr, piece;
	parallel_fn *fn;
	void *arg;
	atomic_uint nr_workers;
	_Atomic uint64_t next; /* the first that nobody has taken; no order but its own is needed */
};

unsigned int parallel_threads(void)
{
	const char *told = getenv("HEAPCENSUS_THREADS");
	const long nr = told && *told ? strtol(told, NULL, 10) : sysconf(_SC_NPROCESSORS_ONLN);

	return nr < 1 ? 1 : nr > PARALLEL_MAX ? PARALLEL_MAX : (unsigned int)nr;
}

static void *work_run(void *arg)
{
	struct work *w = arg;
	const unsigned int worker =
		atomic_fetch_add_explicit(&w->nr_workers, 1, memory_order_relaxed);

	for (;;) {
		const uint64_t first =
			atomic_fetch_add_explicit(&w->next, w->piece, memory_order_relaxed);

		if (first >= w->nr)
			return NULL;
		w->fn(w->arg, worker, first, w->nr - first < w->piece ? w->nr : first + w->piece);
	}
}

void parallel_for(uint64_t nr, uint64_t piece, parallel_fn *fn, void *arg)
{
	struct work w = { .nr = nr, .piece = piece, .fn = fn, .arg = arg };
	const unsigned int nr_threads = nr > piece ? parallel_threads() : 1;
	pthread_t threads[PARALLEL_MAX];
	bool is_started[PARALLEL_MAX] = { false };

	for (unsigned int i = 1; i < nr_threads; i++)
		is_started[i] = !pthread_create(&threads[i], NULL, work_run, &w);
	work_run(&w);
	for (unsigned int i = 1; i < nr_threads; i++)
		if (is_started[i])
			pthread_join(threads[i], NULL);
}
