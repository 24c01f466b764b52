/* SPDX-License-Identifier: MIT */
/*
 * The store: chunks that grow, and the free numbers that no thread keeps.
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

uint64_t *live_births[STORE_BIRTHS_MAX >> STORE_CHUNK_SHIFT];
struct record *live_records[(STORE_RECORDS_MAX >> STORE_CHUNK_SHIFT) + 1];

/* Numbers below nr were given out at least once; free is 0, or the newest number of a list through
 * the entries. */
static struct {
	struct lock lock;
	uint32_t free_birth, nr_births;
	uint32_t free_record, nr_records;
} store = { .nr_births = BATCH, .nr_records = 1 };

/* The next BATCH that nobody has had: they never straddle chunks. */
static bool add_fresh(struct thread *t)
{
	uint64_t **const chunk = &live_births[store.nr_births >> STORE_CHUNK_SHIFT];

	if (store.nr_births > STORE_BIRTHS_MAX - BATCH)
		return false;
	if (!*chunk)
		__atomic_store_n(chunk, private_pages(CHUNK * sizeof(**chunk)), __ATOMIC_RELAXED);
	if (!*chunk)
		return false;
	/* The lowest first. */
	for (uint32_t i = 0; i < BATCH; i++)
		t->spare[i] = store.nr_births + BATCH - 1 - i;
	t->nr_spare = BATCH;
	store.nr_births += BATCH;
	return true;
}

bool store_fill(struct thread *t)
{
	lock_take(&store.lock);
	while (store.free_birth && t->nr_spare < BATCH) {
		t->spare[t->nr_spare++] = store.free_birth;
		store.free_birth = (uint32_t)*store_birth(store.free_birth);
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
		*store_birth(t->spare[i]) = store.free_birth;
		store.free_birth = t->spare[i];
	}
	lock_give(&store.lock);
	t->nr_spare -= BATCH;
	memmove(t->spare, t->spare + BATCH, t->nr_spare * sizeof(t->spare[0]));
}

static uint32_t add_fresh_record(void)
{
	struct record **const chunk = &live_records[store.nr_records >> STORE_CHUNK_SHIFT];

	if (store.nr_records == STORE_RECORDS_MAX)
		return 0;
	if (!*chunk)
		__atomic_store_n(chunk, private_pages(CHUNK * sizeof(**chunk)), __ATOMIC_RELAXED);
	return *chunk ? store.nr_records++ : 0;
}

uint32_t store_take_record(void)
{
	lock_take(&store.lock);
	const uint32_t number = store.free_record ? store.free_record : add_fresh_record();

	if (number && number == store.free_record)
		store.free_record = (uint32_t)store_record(number)->b;
	lock_give(&store.lock);
	return number;
}

void store_give_record(uint32_t number)
{
	lock_take(&store.lock);
	*store_record(number) = (struct record){ .b = store.free_record };
	store.free_record = number;
	lock_give(&store.lock);
}

void store_fork_prepare(void)
{
	lock_take(&store.lock);
}

void store_fork_done(void)
{
	lock_give(&store.lock);
}
