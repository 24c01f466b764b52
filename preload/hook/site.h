/* SPDX-License-Identifier: MIT */
/*
 * Where a block is born: the stack that its record gets.  What HEAPCENSUS_STACKS asks for is
 * decided here.
 */
#ifndef HOOK_SITE_H
#define HOOK_SITE_H

#include <stdint.h>

#include "live/thread.h"

enum site_mode {
	SITE_CALLER = 0,	/* also before start-up is complete */
	SITE_FULL,
	SITE_PYTHON,	/* the caller, and Python's frames */
	SITE_OFF,
};

/* Written by site_set_mode, read-only after. */
struct site_state {
	enum site_mode mode;
	uint32_t depth;
};
extern struct site_state site_state;

/* At start, before the program has threads: forgets what was cached under the mode before. */
void site_set_mode(enum site_mode mode, uint32_t depth);

static inline uint64_t site_index(uint64_t caller)
{
	return caller * 0x9e3779b97f4a7c15 >> (64 - THREAD_SITES_SHIFT);
}

uint32_t site_find_slow(struct thread *t, uint64_t caller);

/* The depot node of a block whose allocator was called from `caller`.  t->inside is 1. */
static inline uint32_t site_find(struct thread *t, uint64_t caller)
{
	const struct thread_site *const s = &t->sites[site_index(caller)];

	if (__builtin_expect(s->pc == caller, 1))
		return s->node;
	return site_find_slow(t, caller);
}

#endif
