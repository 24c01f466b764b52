/* SPDX-License-Identifier: MIT */
/*
 * Call sites the slow way: a caller that the thread's cache does not know, or a whole stack.
 *
 * Inside the door; keeps errno (the unwinder and the depot do).
 */
#include "hook/site.h"

#include "hook/python.h"
#include "rt/clock.h"
#include "rt/private.h"
#include "stack/depot.h"

#include "rt/ban.h"

struct site_state site_state;

_Static_assert(UNWIND_DEPTH_MAX <= DEPOT_MEMO_MAX, "a memo holds a stack");

/* Its native frames, as far as the mode wants them. */
static uint32_t native_stack(struct thread *t, uint64_t caller)
{
	if (site_state.mode == SITE_PYTHON)
		return depot_intern_again(t->depot_memo, caller, 0);
	return unwind_find(t, caller, site_state.depth);
}

static uint32_t whole_stack(struct thread *t, uint64_t caller)
{
	if (!t->depot_memo)
		t->depot_memo = private_for_ever(sizeof(*t->depot_memo));
	if (!t->depot_memo)
		return depot_intern(caller, 0);
	/* The last call, so that there are fewer frames of ours to go past. */
	if (!target_python.has_frames && site_state.mode != SITE_PYTHON)
		return unwind_find(t, caller, site_state.depth);
	return python_stack_add(t, native_stack(t, caller), site_state.depth);
}

/* -log2 of a random number between 0 and 1, in 2^-16: the whole part by leading zeros, the rest by
 * the line and parabola that are nearest to the curve. */
static uint64_t draw_log2(struct thread *t)
{
	uint64_t x = t->sample_random;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	t->sample_random = x;
	x |= 1;
	const int zeros = __builtin_clzl(x);
	const uint64_t rest = x << zeros << 1 >> 48; /* 1 + rest / 2^16 is the mantissa */

	/* log2(1 + r) = r + 0.344 r (1 - r), within 0.008 */
	return ((uint64_t)zeros << 16) + 65536 - rest -
	       (22544 * (rest * (65536 - rest) >> 16) >> 16);
}

/* Gaps between the points of a Poisson process on the bytes that the thread allocates. */
static uint64_t draw_gap(struct thread *t)
{
	const uint64_t log2 = draw_log2(t);
	uint64_t gap;

	if (__builtin_mul_overflow(log2, site_state.sample, &gap))
		return site_state.sample * (log2 >> 16);
	return (gap >> 16) * 45426 >> 16; /* by ln 2 */
}

/* Is there a sample in the block?  Goes on behind it. */
static bool take_sample(struct thread *t, uint64_t size)
{
	const bool is_first = !t->sample_at;

	if (site_state.mode != SITE_SAMPLE) {
		t->sample_at = UINT64_MAX;
		return false;
	}
	if (is_first) {
		t->sample_random = (t->tls ^ clock_monotonic_ns()) * 0x9e3779b97f4a7c15 | 1;
		t->sample_at = t->bytes_allocated + 1 + draw_gap(t);
	}
	if (!site_is_due(t, size))
		return false;
	/* How far it is to the next point does not depend on where the last one was, so those that
	 * lie in the block need not be gone through: there may be very many. */
	t->sample_at = t->bytes_allocated + size + 1 + draw_gap(t);
	return true;
}

uint32_t site_find_slow(struct thread *t, uint64_t caller, uint64_t size)
{
	struct thread_site *const s = &t->sites[site_index(caller)];

	python_notice(caller);
	if (site_is_due(t, size) && take_sample(t, size))
		return whole_stack(t, caller);
	/* A stack is another one at each call: the cache stays empty then. */
	if (site_state.mode == SITE_FULL || site_state.mode == SITE_PYTHON)
		return whole_stack(t, caller);
	s->node = site_state.mode == SITE_OFF ? 0 : depot_intern(caller, 0);
	s->pc = caller;
	return s->node;
}

void site_set_mode(enum site_mode mode, uint32_t depth, uint64_t sample)
{
	site_state = (struct site_state){ .mode = mode, .depth = depth, .sample = sample };
	for (struct thread *t = __atomic_load_n(&threads_all, __ATOMIC_ACQUIRE); t; t = t->next) {
		t->sample_at = 0;
		for (uint32_t i = 0; i < THREAD_NR_SITES; i++)
			t->sites[i].pc = 0;
	}
}
