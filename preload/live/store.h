/* SPDX-License-Identifier: MIT */
/*
 * What the words of malloc's smallest blocks have no room for (live/record.h): the births of most,
 * 8 bytes each, and the whole records of those that are tagged, born in a scope, or of a rare kind.
 *
 * Every thread keeps some free numbers of births (struct thread), and takes and gives them 32 at a
 * time: no lock on the way of a malloc.  Nothing is ever moved, no memory is ever given back.
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
#define STORE_BIRTHS_MAX  (1u << RECORD_BRIEF_NUMBER_BITS)
#define STORE_RECORDS_MAX UINT32_MAX

/* Chunks of 1 << STORE_CHUNK_SHIFT; set once. */
extern uint64_t *live_births[STORE_BIRTHS_MAX >> STORE_CHUNK_SHIFT]
	__attribute__((visibility("hidden")));
extern struct record *live_records[(STORE_RECORDS_MAX >> STORE_CHUNK_SHIFT) + 1]
	__attribute__((visibility("hidden")));

/* The slow halves: the thread has no number of a birth left (false: there is none), or too many. */
bool store_fill(struct thread *t);
void store_spill(struct thread *t);

/* 0 where there is no memory. */
uint32_t store_take_record(void);
void store_give_record(uint32_t number);

void store_fork_prepare(void);
void store_fork_done(void);

static inline uint64_t *store_birth(uint32_t number)
{
	uint64_t *const chunk =
		__atomic_load_n(&live_births[number >> STORE_CHUNK_SHIFT], __ATOMIC_RELAXED);

	return chunk + number % (1u << STORE_CHUNK_SHIFT);
}

static inline struct record *store_record(uint32_t number)
{
	struct record *const chunk =
		__atomic_load_n(&live_records[number >> STORE_CHUNK_SHIFT], __ATOMIC_RELAXED);

	return chunk + number % (1u << STORE_CHUNK_SHIFT);
}

/* A free number of a birth, or 0.  Inside the door. */
static inline uint32_t store_take(struct thread *t)
{
	if (__builtin_expect(t->nr_spare == 0, 0) && !store_fill(t))
		return 0;
	return t->spare[--t->nr_spare];
}

static inline void store_give(struct thread *t, uint32_t number)
{
	if (__builtin_expect(t->nr_spare == THREAD_NR_SPARE, 0))
		store_spill(t);
	t->spare[t->nr_spare++] = number;
}

#endif
