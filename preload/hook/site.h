/* SPDX-License-Identifier: MIT */
/*
 * Where a block is born: the stack that its record gets.  What HEAPCENSUS_STACKS asks for is
 * decided here.
 */
#ifndef HOOK_SITE_H
#define HOOK_SITE_H

#include <stdint.h>

#include "hook/python_stack.h"
#include "live/thread.h"
#include "stack/unwind.h"
#include "target/python.h"

enum site_mode {
	SITE_CALLER = 0,	/* also before start-up is complete */
	SITE_FULL,
	SITE_PYTHON,	/* the caller, and Python's frames */
	SITE_SAMPLE,	/* the caller; every so many bytes all of it */
	SITE_OFF,
};

/* Written by site_set_mode, read-only after. */
struct site_state {
	enum site_mode mode;
	uint32_t depth;
	uint64_t sample;	/* bytes from one whole stack to the next, in the mean */
};
extern struct site_state site_state;

/* At start, before the program has threads: forgets what was cached under the mode before. */
void site_set_mode(enum site_mode mode, uint32_t depth, uint64_t sample);

static inline uint64_t site_index(uint64_t caller)
{
	return caller % THREAD_NR_SITES;
}

uint32_t site_find_slow(struct thread *t, uint64_t caller, uint64_t size);

/* Is the next sample in a block of that size that is not counted yet? */
static inline bool site_is_due(const struct thread *t, uint64_t size)
{
	return __builtin_expect(t->bytes_allocated + size >= t->sample_at, 0);
}

/* The depot node of a new block whose allocator was called from `caller`.  t->inside is 1. */
static inline uint32_t site_find(struct thread *t, uint64_t caller, uint64_t size)
{
	const struct thread_site *const s = &t->sites[site_index(caller)];

	if (__builtin_expect(s->pc == caller && !site_is_due(t, size), 1))
		return s->node;
	return site_find_slow(t, caller, size);
}

/* The same for the path of every allocation.  cfa: the program's stack pointer when we have
 * returned; its return address lies before. */
PLACE_INLINE uint32_t site_find_at(struct thread *t, const uint64_t *cfa, uint64_t size)
{
	const uint64_t caller = cfa[-1];
	uint32_t node = 0;

	if (site_state.mode == SITE_FULL)
		node = unwind_find_likely(t, caller, (uint64_t)cfa, site_state.depth);
	if (__builtin_expect(node == 0, 0))
		return site_find(t, caller, size);
	return target_python.has_frames ? python_stack_add(t, node, site_state.depth) : node;
}

#endif
