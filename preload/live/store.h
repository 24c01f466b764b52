/* SPDX-License-Identifier: MIT */
/*
 * Where the records of malloc's smallest blocks are: those that cover only one granule, whose word
 * in the shadow (live/record.h) has room for the record's number, not for the record.
 *
 * Every thread keeps some free numbers (struct thread), and takes and gives them 32 at a time: no
 * lock on the way of a malloc.  Records are never moved, their memory is never given back.
 *
 * Invariant, with the gate closed: a number is named by one word, or is among the free ones, or was
 * lost by a nested free; 0 is none.
 */
#ifndef LIVE_STORE_H
#define LIVE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "live/record.h"
#include "live/thread.h"

#define STORE_CHUNK_SHIFT 16
#define STORE_NR_CHUNKS	  (1u << (32 - STORE_CHUNK_SHIFT))

/* 1 MB each; set once. */
extern struct record *live_store[STORE_NR_CHUNKS] __attribute__((visibility("hidden")));

/* The slow halves: the thread has none left (0 from store_fill: no memory), or too many. */
bool store_fill(struct thread *t);
void store_spill(struct thread *t);

void store_fork_prepare(void);
void store_fork_done(void);

static inline struct record *store_get(uint32_t number)
{
	struct record *const chunk =
		__atomic_load_n(&live_store[number >> STORE_CHUNK_SHIFT], __ATOMIC_RELAXED);

	return chunk + number % (1u << STORE_CHUNK_SHIFT);
}

/* A free number, or 0.  Inside the door. */
static inline uint32_t store_take(struct thread *t)
{
	if (__builtin_expect(t->nr_spare == 0, 0) && !store_fill(t))
		return 0;
	return t->spare[--t->nr_spare];
}

/* A number that no word names any more.  t is NULL in a nested call: it is lost. */
static inline void store_give(struct thread *t, uint32_t number)
{
	if (!t)
		return;
	if (__builtin_expect(t->nr_spare == THREAD_NR_SPARE, 0))
		store_spill(t);
	t->spare[t->nr_spare++] = number;
}

#endif
