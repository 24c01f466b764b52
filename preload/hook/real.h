/* SPDX-License-Identifier: MIT */
/*
 * The next definition, in link order, of everything that hook/hooks.h lists, and what kind of
 * allocator that is.  Found by real_init at the first call of any wrapper, which may come before
 * any constructor has run; a call that comes out of dlsym itself meanwhile is served from the
 * profiler's own memory.
 */
#ifndef HOOK_REAL_H
#define HOOK_REAL_H

#include <stdbool.h>

#include "hook/hooks.h"
#include "live/thread.h"

struct real {
#define REAL_MEMBER(result, name, parameters) result(*name) parameters;
	HOOKS(REAL_MEMBER)
#undef REAL_MEMBER
	/* free, from outside the door: of an allocator that is not known it may free what it
	 * allocated for itself inside, so that one is called inside again. */
	void (*give_back)(void *);
	/* Below this a request is rounded up: 16 where two blocks could otherwise share a granule,
	 * 0 over glibc. */
	size_t min_size;
	/* operator new and delete do not come back to malloc and free: their wrappers keep the
	 * census. */
	bool direct_new;
	/* They are the C++ runtime's own, nothing but malloc, free and a loop: their wrappers may
	 * do without them. */
	bool plain_new;
	/* mmap calls from this code are the allocator's own. */
	uint64_t allocator_start, allocator_end;
	const char *allocator;	/* PROC "allocator" */
};

/* Written once by real_init (operator new's pointers: by the first wrapper that finds them),
 * read-only after. */
extern struct real real __attribute__((visibility("hidden")));

/* False while this very thread is inside real_init: use private memory (hook/wrap.h). */
bool real_init(void);

/* real_init, unless it is done.  malloc is the last pointer that real_init sets. */
static inline bool real_ready(void)
{
	if (__builtin_expect(__atomic_load_n(&real.malloc, __ATOMIC_ACQUIRE) != NULL, 1))
		return true;
	return real_init();
}

/* The thread's first call: its struct, or NULL. */
struct thread *real_register(void);

/* Through the door.  NULL: see hook/wrap.h.  (A thread is known only once real_init is done.) */
__attribute__((always_inline)) static inline struct thread *real_enter(void)
{
	struct thread *t = thread_self;

	if (__builtin_expect(!t, 0)) {
		t = real_register();
		if (!t)
			return NULL;
	}
	return thread_enter_known(t);
}

/* Looks for a C++ runtime that came after start-up (dlopen, RTLD_LOCAL) and fills in the operators
 * new that are missing (for delete, free does).  False: there is none. */
bool real_find_new(void);

#endif
