/* SPDX-License-Identifier: MIT */
/*
 * What the wrappers share: who called, the record of a new block, and what to do where a thread
 * cannot enter.
 *
 * The life of an allocation: wrap_enter (real_ready, the door), the next definition, wrap_insert,
 * thread_leave.  Before real_ready is true (a call out of dlsym, on the way to it) blocks are
 * private memory.  Where the door gives NULL the call came from inside another one: the
 * unwinder gets private memory, anybody else (a signal handler) a block that the census does not
 * have.
 */
#ifndef HOOK_WRAP_H
#define HOOK_WRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <heapcensus/dump_format.h>

#include "hook/real.h"
#include "hook/site.h"
#include "live/live.h"
#include "live/thread.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

#define WRAP_CALLER ((uint64_t)__builtin_return_address(0))
#define WRAP_FRAME ((uint64_t)__builtin_frame_address(0))
/* A call of the program's: its stack pointer when we have returned.  The word before is
 * WRAP_CALLER. */
#define WRAP_CFA ((const uint64_t *)__builtin_dwarf_cfa())

/* The size to ask the allocator for: never so small that two blocks share a granule. */
static inline size_t wrap_size(size_t size)
{
	return size > real.min_size ? size : real.min_size;
}

/*
 * via: see struct thread.  wrap_via_begin is NULL where the block is not this wrapper's to name.
 * C++ runtimes round the size of an aligned block up to its alignment; align 0: not aligned.
 */
struct thread *wrap_via_begin(uint32_t kind, size_t size, size_t align, uint64_t site,
			      uint64_t frame);
void wrap_via_end(struct thread *t, void *p, uint32_t kind, size_t size, uint64_t site);
/* Called by the inner entry point about its new block p: puts in what the outer one says, if p is
 * what that is about. */
void wrap_take_via(struct thread *t, const void *p, size_t *size, uint32_t *kind, uint64_t *site);
void wrap_insert_slow(struct thread *t, void *p, size_t size, uint32_t kind, const uint64_t *cfa);
void *wrap_finish_slow(struct thread *t, void *p, size_t size, uint32_t kind, const uint64_t *cfa);
void *wrap_finish_pending(struct thread *t, void *p);

/* real_enter of a call that allocates: what it gets is born now. */
__attribute__((always_inline)) static inline struct thread *wrap_enter(void)
{
	struct thread *const t = real_enter();

	if (LIKELY(t != NULL))
		live_notice_time(t);
	return t;
}

__attribute__((always_inline)) static inline bool
wrap_insert_hot(struct thread *t, void *p, size_t size, uint32_t kind, const uint64_t *cfa)
{
	const uint64_t site = cfa[-1];
	const struct thread_site *const s = &t->sites[site_index(site)];

	return LIKELY(!t->via_sp && s->pc == site && !site_is_due(t, size) &&
		      live_insert_hot(t, (uint64_t)p, size, kind, s->node));
}

/* wrap_enter for `size` bytes where nothing is out of the ordinary, and that is what to ask the
 * allocator for.  False: nothing was done. */
__attribute__((always_inline)) static inline bool wrap_enter_hot(struct thread *t, size_t size)
{
	return LIKELY(t && !live_needs_clock(t) && size >= real.min_size && thread_enter_hot(t));
}

/* A block that the allocator has just given, after wrap_enter: into the census.  cfa: WRAP_CFA. */
__attribute__((always_inline)) static inline void
wrap_insert(struct thread *t, void *p, size_t size, uint32_t kind, const uint64_t *cfa)
{
	if (!wrap_insert_hot(t, p, size, kind, cfa))
		wrap_insert_slow(t, p, size, kind, cfa);
}

/* The same for what may be NULL, and thread_leave; returns p.  Its slow calls are jumps, so that
 * nothing is saved for them. */
__attribute__((always_inline)) static inline void *
wrap_finish(struct thread *t, void *p, size_t size, uint32_t kind, const uint64_t *cfa)
{
	if (UNLIKELY(!p || !wrap_insert_hot(t, p, size, kind, cfa)))
		return wrap_finish_slow(t, p, size, kind, cfa);
	if (UNLIKELY(thread_leave_hot(t)))
		return wrap_finish_pending(t, p);
	return p;
}

/* Inside the door, p is not in the census.  Private memory is freed: true.  Else it is the
 * allocator's, and a loss to count unless operator delete has just forgotten it. */
bool wrap_free_unknown(void *p);

/* For calls that may not enter; t is thread_self. */
void *wrap_spare_alloc(size_t align, size_t size, bool zero);
void wrap_spare_free(void *p);
void *wrap_spare_realloc(void *old, size_t size);

/* A block of the allocator's with an alignment, through whatever entry point it has for that. */
void *wrap_real_aligned(size_t align, size_t size);
size_t wrap_real_usable_size(void *p);

/* real.free inside the door, if that can be. */
void wrap_free_inside(void *p);

/* Frees and forgets; resizes or moves: hook/malloc.c, for the other families. */
void wrap_free(void *p);
void *wrap_realloc(void *old, size_t size, const uint64_t *cfa);

/* After the real realloc of a block that live_forget took out: p is what it returned.  errno is 0
 * where nothing failed. */
void wrap_after_realloc(struct thread *t, void *p, size_t size, const uint64_t *cfa, uint64_t old,
			const struct live_block *was);

#endif
