/* SPDX-License-Identifier: MIT */
/*
 * The store of records: chunks that grow, and the free numbers that no thread keeps.
 *
 * Inside the door, under the lock.
 */
#include "live/store.h"

#include <string.h>

#include "live/lock.h"
#include "rt/private.h"

#include "rt/ban.h"

#define BATCH (THREAD_NR_SPARE / 2)
#define CHUNK (1u << STORE_CHUNK_SHIFT)

struct record *live_store[STORE_NR_CHUNKS];

static struct {
	struct lock lock;
	uint32_t spilled; /* 0, or the newest number of a list through the records (b) */
	uint32_t nr;	  /* numbers below were given out at least once; 0 never is */
} store = { .nr = BATCH };

/* The next BATCH that nobody has had: they never straddle chunks. */
static bool add_fresh(struct thread *t)
{
	struct record **const chunk = &live_store[store.nr >> STORE_CHUNK_SHIFT];

	if (store.nr > UINT32_MAX - BATCH)
		return false;
	if (!*chunk)
		__atomic_store_n(chunk, private_pages(CHUNK * sizeof(struct record)),
				 __ATOMIC_RELAXED);
	if (!*chunk)
		return false;
	/* The lowest first. */
	for (uint32_t i = 0; i < BATCH; i++)
		t->spare[i] = store.nr + BATCH - 1 - i;
	t->nr_spare = BATCH;
	store.nr += BATCH;
	return true;
}

bool store_fill(struct thread *t)
{
	lock_take(&store.lock);
	while (store.spilled && t->nr_spare < BATCH) {
		t->spare[t->nr_spare++] = store.spilled;
		store.spilled = (uint32_t)store_get(store.spilled)->b;
	}
	const bool done = t->nr_spare || add_fresh(t);

	lock_give(&store.lock);
	return done;
}

/* The older half: the newest are the ones in the processor's cache. */
void store_spill(struct thread *t)
{
	lock_take(&store.lock);
	for (uint32_t i = 0; i < BATCH; i++) {
		*store_get(t->spare[i]) = (struct record){ .b = store.spilled };
		store.spilled = t->spare[i];
	}
	lock_give(&store.lock);
	t->nr_spare -= BATCH;
	memmove(t->spare, t->spare + BATCH, t->nr_spare * sizeof(t->spare[0]));
}

void store_fork_prepare(void)
{
	lock_take(&store.lock);
}

void store_fork_done(void)
{
	lock_give(&store.lock);
}
