/* SPDX-License-Identifier: MIT */
/*
 * Captures stacks by libunwind (stack/unwind.h): calls it, and cuts off the frames that are ours.
 */
#include "stack/unwind.h"

#include <errno.h>
#include <string.h>

#include "rt/count.h"
#include "stack/libunwind.h"
#include "rt/ban.h"

#define OWN_FRAMES_MAX \
	16 /* between the program's call and here, those of operator new's chain included */

bool unwind_init(void)
{
	struct thread *const t = thread_enter();
	bool ok;

	if (!t)
		return false;
	t->in_unwinder = 1; /* what the loader allocates now is ours too */
	ok = libunwind_load();
	t->in_unwinder = 0;
	thread_leave(t);
	return ok;
}

/* Where the frame that returns to caller is among the first pcs, or nr. */
static uint32_t find_caller(const uint64_t *pcs, uint32_t nr, uint64_t caller)
{
	for (uint32_t i = 0; i < nr && i < OWN_FRAMES_MAX; i++)
		if (pcs[i] == caller)
			return i;
	return nr;
}

uint32_t unwind_capture(struct thread *t, uint64_t caller, uint64_t *pcs, uint32_t max)
{
	const int saved_errno = errno;
	uint64_t all[UNWIND_DEPTH_MAX + OWN_FRAMES_MAX + 1];
	uint32_t nr, first;

	if (max > UNWIND_DEPTH_MAX)
		max = UNWIND_DEPTH_MAX;
	t->in_unwinder = 1;
	nr = libunwind_backtrace(all, max + OWN_FRAMES_MAX + 1);
	t->in_unwinder = 0;
	errno = saved_errno;
	first = find_caller(all, nr, caller);
	if (first == nr) {
		COUNT(stacks_failed);
		pcs[0] = caller;
		return 1;
	}
	nr -= first;
	if (nr > max) {
		COUNT(stacks_truncated);
		nr = max;
	}
	memcpy(pcs, all + first, nr * sizeof(*pcs));
	return nr;
}

void unwind_flush(void)
{
	libunwind_flush();
}

void unwind_fork_prepare(void)
{
	libunwind_fork_prepare();
}
void unwind_fork_parent(void)
{
	libunwind_fork_parent();
}
void unwind_fork_child(void)
{
	libunwind_fork_child();
}
