/* SPDX-License-Identifier: MIT */
/*
 * Call sites the slow way: a caller that the thread's cache does not know, or a whole stack.
 *
 * Inside the door; keeps errno (the unwinder and the depot do).
 */
#include "hook/site.h"

#include "hook/python.h"
#include "hook/python_stack.h"
#include "rt/private.h"
#include "stack/depot.h"
#include "stack/unwind.h"

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
		t->depot_memo = private_calloc(1, sizeof(*t->depot_memo));
	if (!t->depot_memo)
		return depot_intern(caller, 0);
	return python_stack_add(t, native_stack(t, caller), site_state.depth);
}

uint32_t site_find_slow(struct thread *t, uint64_t caller)
{
	struct thread_site *const s = &t->sites[site_index(caller)];

	python_notice(caller);
	/* A stack is another one at each call: the cache stays empty then. */
	if (site_state.mode == SITE_FULL || site_state.mode == SITE_PYTHON)
		return whole_stack(t, caller);
	s->node = site_state.mode == SITE_CALLER ? depot_intern(caller, 0) : 0;
	s->pc = caller;
	return s->node;
}

void site_set_mode(enum site_mode mode, uint32_t depth)
{
	site_state = (struct site_state){.mode = mode, .depth = depth};
	for (struct thread *t = __atomic_load_n(&threads_all, __ATOMIC_ACQUIRE); t; t = t->next)
		for (uint32_t i = 0; i < THREAD_NR_SITES; i++)
			t->sites[i].pc = 0;
}
