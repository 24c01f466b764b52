/* SPDX-License-Identifier: MIT */
/*
 * The profiler's own memory: never the host's heap, never in the census.
 *
 * Small things come from a private jemalloc (its symbols hidden, its pages cut from regions of
 * ours); tables come as whole mappings from private_pages.  Every mapping of either sort stands in
 * one list, which private_ranges shows, so that a snapshot can leave it out.
 *
 * Rules: any thread, t->inside or not; errno is kept.  All calls serialise on one lock, taken
 * across fork() by private_fork_prepare.  A call that finds its own thread already inside (a signal
 * handler that interrupted one) gets NULL (allocation) or leaks (free) rather than deadlocks.  The
 * snapshot child calls none of the allocating functions: it uses rt/bump.h.
 */
#ifndef RT_PRIVATE_H
#define RT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 16-byte aligned (private_memalign: a power of two).  NULL (counted private_no_memory) where there
 * is none. */
void *private_malloc(size_t size);
void *private_calloc(size_t nr, size_t size);
void *private_realloc(void *p, size_t size);
void *private_memalign(size_t align, size_t size);
void private_free(void *p);		   /* NULL is allowed */
size_t private_usable_size(const void *p); /* of a pointer that private_malloc & co. returned */

/* Zeroed, at a page's start, and never given back: for what each thread has.  Most threads have no
 * need of jemalloc then, of its code and of what it keeps of a thread.  NULL and counted. */
void *private_for_ever(size_t size);

/* Did private_malloc & co. return p (or might have)?  Two compares for a foreign pointer; no lock;
 * the child may call it. */
static inline bool private_contains(const void *p);

/* Zeroed pages, NORESERVE, for tables; never given back except by private_pages_free with the same
 * size.  NULL and counted. */
void *private_pages(size_t size);
void private_pages_free(void *p, size_t size);

/* A mapping of the profiler's that was made elsewhere (status page, child's stack) joins and leaves
 * the list. */
void private_range_add(const void *p, size_t size);
void private_range_remove(const void *p, size_t size);

/* Bytes allocated from the private jemalloc now, and address space of all ranges. */
uint64_t private_bytes(void);
uint64_t private_reserved_bytes(void);

/* Every mapping of the profiler's, in no order; stopped world or child: fills at most max, returns
 * how many there are. */
struct private_range {
	uint64_t start, end;
};
uint32_t private_ranges(struct private_range *ranges, uint32_t max);

/* For pthread_atfork: before, after in the parent, after in the child.  The forking thread may
 * allocate in between. */
void private_fork_prepare(void);
void private_fork_parent(void);
void private_fork_child(void);

/* Of the regions that jemalloc's pages come from; written under the lock, only ever widened. */
extern uint64_t private_low, private_high;
bool private_contains_slow(uint64_t addr);

static inline bool private_contains(const void *p)
{
	const uint64_t addr = (uint64_t)p;

	if (addr < __atomic_load_n(&private_low, __ATOMIC_RELAXED) ||
	    addr >= __atomic_load_n(&private_high, __ATOMIC_RELAXED))
		return false;
	return private_contains_slow(addr);
}

#endif
