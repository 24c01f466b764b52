/* SPDX-License-Identifier: MIT */
/*
 * The one small interface to whatever captures stacks.  Today libunwind (stack/libunwind.h), loaded
 * when stacks=full.
 */
#ifndef STACK_UNWIND_H
#define STACK_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

#include "live/thread.h"

#define UNWIND_DEPTH_MAX 128

/* Loads the unwinder: from a constructor, not from inside the allocator.  False where it cannot be
 * had: the caller falls back to `caller` and says so in the log. */
bool unwind_init(void);

/*
 * The stack of the calling thread, innermost first, starting with the frame whose return address is
 * `caller` (frames of ours above it are left out).  Returns how many, at least 1 (pcs[0] == caller)
 * even where the unwinder fails (counted).  t->inside is 1; allocations by the unwinder come from
 * the profiler's own memory.  Keeps errno.
 */
uint32_t unwind_capture(struct thread *t, uint64_t caller, uint64_t *pcs, uint32_t max);

/* Forgets everything cached about code: before and after an object is unloaded (dlclose). */
void unwind_flush(void);

/* For pthread_atfork: before, after in the parent, after in the child; around private_fork_*. */
void unwind_fork_prepare(void);
void unwind_fork_parent(void);
void unwind_fork_child(void);

#endif
