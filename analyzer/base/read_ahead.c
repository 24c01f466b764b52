/* SPDX-License-Identifier: MIT */
/*
 * A thread that works off a list, and whose items another thread may take away from it.
 */
#include "base/read_ahead.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/parallel.h"

#define ITEM_NONE UINT32_MAX

struct read_ahead {
	uint32_t *items; /* [nr] */
	size_t nr;
	read_ahead_fn *fn;
	void *arg;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t is_done;
	uint32_t at_hand; /* ITEM_NONE: none */
	bool is_stopped;
	bool *is_taken; /* [limit] by the other thread, which alone writes it */
};

/* The next item that nobody has taken becomes the one at hand; false: there is none. */
static bool read_ahead_next(struct read_ahead *r, size_t *i)
{
	pthread_mutex_lock(&r->lock);
	while (*i < r->nr && r->is_taken[r->items[*i]])
		++*i;
	r->at_hand = *i < r->nr && !r->is_stopped ? r->items[*i] : ITEM_NONE;
	pthread_cond_signal(&r->is_done);
	pthread_mutex_unlock(&r->lock);
	return r->at_hand != ITEM_NONE;
}

static void *read_ahead_run(void *arg)
{
	struct read_ahead *r = arg;

	for (size_t i = 0; read_ahead_next(r, &i); i++)
		r->fn(r->arg, r->items[i]);
	return NULL;
}

static void read_ahead_free(struct read_ahead *r)
{
	pthread_cond_destroy(&r->is_done);
	pthread_mutex_destroy(&r->lock);
	free(r->is_taken);
	free(r->items);
	free(r);
}

struct read_ahead *read_ahead_start(const uint32_t *items, size_t nr, uint32_t limit,
				    read_ahead_fn *fn, void *arg)
{
	struct read_ahead *r;

	if (!nr || parallel_threads() < 2)
		return NULL;
	r = xcalloc(1, sizeof(*r));
	r->items = xcalloc(nr, sizeof(*r->items));
	memcpy(r->items, items, nr * sizeof(*items));
	r->nr = nr;
	r->fn = fn;
	r->arg = arg;
	r->at_hand = ITEM_NONE;
	r->is_taken = xcalloc(limit, sizeof(*r->is_taken));
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->is_done, NULL);
	if (!pthread_create(&r->thread, NULL, read_ahead_run, r))
		return r;
	read_ahead_free(r);
	return NULL;
}

void read_ahead_take(struct read_ahead *r, uint32_t item)
{
	if (!r || r->is_taken[item])
		return;
	pthread_mutex_lock(&r->lock);
	while (r->at_hand == item)
		pthread_cond_wait(&r->is_done, &r->lock);
	r->is_taken[item] = true;
	pthread_mutex_unlock(&r->lock);
}

void read_ahead_stop(struct read_ahead *r)
{
	if (!r)
		return;
	pthread_mutex_lock(&r->lock);
	r->is_stopped = true;
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	read_ahead_free(r);
}
