/* SPDX-License-Identifier: MIT */
/*
 * Shadow memory: for every granule of address space one struct record; in malloc's plane half of
 * one (live/record.h).  A plane is one such map with its own granule; blocks of two planes may nest
 * (a pool object in a malloc block, a Python object in an arena), blocks of one plane may not.
 *
 *   directory   one pointer per 64 MB of the 47-bit address space, reserved at the plane's first
 *               block (malloc's: at start), pages touched on demand; and a byte for each of those
 *               pages, 1 where there is a leaf: so who walks touches no others
 *   leaf        (64 MB >> granule_shift) records or words, mmap'd NORESERVE when the first block
 *               falls into it, never moved
 *
 * A leaf that cannot be mapped is not retried for its range until a later insert; the block is
 * untracked and counted. All functions: any thread, in a signal handler, in the snapshot child;
 * they never allocate from the host and keep errno.
 */
#ifndef LIVE_PLANE_H
#define LIVE_PLANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live/record.h"

#define PLANE_LEAF_SHIFT 26		/* 64 MB */
#define PLANE_ADDRESS_BITS 47
#define PLANE_NR_LEAVES (1ul << (PLANE_ADDRESS_BITS - PLANE_LEAF_SHIFT))
#define PLANE_GROUP 512		/* leaves: a page of the directory */

enum plane_id {
	PLANE_MALLOC,	/* 32 over glibc, else 16 */
	PLANE_MMAP,	/* 4096 */
	PLANE_POOL,	/* 8 */
	PLANE_PYTHON,	/* 1 << PLANE_PYTHON_SHIFT: Python's blocks that are not in ... */
	PLANE_OBJECT,	/* no shadow: the packed records of live/objects.h */
	NR_PLANES,
};

#define PLANE_PYTHON_SHIFT 4

struct plane {
	void **leaves;			/* the directory: each entry is set once, atomically */
	uint8_t *groups;		/* a byte for PLANE_GROUP of them: 1 before one is set */
	uint64_t nr_leaves;		/* 0 while there is no directory, else PLANE_NR_LEAVES */
	uint32_t granule_shift;
	uint32_t inline_min; /* malloc's: blocks of this size and more cover two granules */
};

extern struct plane live_planes[NR_PLANES] __attribute__((visibility("hidden")));

/* Reserves the directories.  False where even that fails: nothing is tracked then. */
bool live_planes_init(uint32_t malloc_granule_shift);

/* Maps the leaf of addr.  False (counted) where it cannot. */
bool plane_add_leaf(struct plane *p, uint64_t addr);

/* The first leaf at or after an index, which becomes its own; NULL where there is none.  It covers
 * addresses from index << PLANE_LEAF_SHIFT. */
void *plane_next_leaf(const struct plane *p, uint64_t *index);

/* Bytes of address space that a page of a leaf covers; and whether no block has any of its record
 * in the nth one.  What else is there is left over from blocks that are gone. */
uint64_t plane_page_covers(const struct plane *p);
bool plane_page_is_empty(const struct plane *p, const void *leaf, uint64_t n);

/* Not malloc's: forgets all that starts in [addr, addr + len), which is page aligned, and gives the
 * memory of its records back. */
void plane_clear(struct plane *p, uint64_t addr, uint64_t len);

/* A constant where the compiler knows the plane. */
__attribute__((always_inline)) static inline uint32_t plane_shift(const struct plane *p)
{
	return p == &live_planes[PLANE_PYTHON] ? PLANE_PYTHON_SHIFT : p->granule_shift;
}

/* NULL where the leaf of addr does not exist or addr is beyond the address space. */
__attribute__((always_inline)) static inline void *plane_find_leaf(const struct plane *p,
								   uint64_t addr)
{
	/* Pairs with the release in plane_add_directory. */
	if (addr >> PLANE_LEAF_SHIFT >= __atomic_load_n(&p->nr_leaves, __ATOMIC_ACQUIRE))
		return NULL;
	return __atomic_load_n(&p->leaves[addr >> PLANE_LEAF_SHIFT], __ATOMIC_ACQUIRE);
}

/* How many times 1 << shift bytes addr lies behind its leaf's beginning. */
__attribute__((always_inline)) static inline uint64_t plane_place(uint64_t addr, uint32_t shift)
{
	return (addr & ((1ul << PLANE_LEAF_SHIFT) - 1)) >> shift;
}

/* The slot of addr; not malloc's plane. */
__attribute__((always_inline)) static inline struct record *plane_find_slot(const struct plane *p,
									    uint64_t addr)
{
	struct record *const leaf = plane_find_leaf(p, addr);

	return leaf ? leaf + plane_place(addr, plane_shift(p)) : NULL;
}

/* The same in malloc's plane; and the flag RECORD_HALF, in its place, if addr is in its granule's
 * second half.  Behind a leaf's last word there is room for what follows it. */
__attribute__((always_inline)) static inline uint64_t *
plane_find_word_half(const struct plane *p, uint64_t addr, uint64_t *half)
{
	uint64_t *const leaf = plane_find_leaf(p, addr);

	if (!leaf)
		return NULL;
	const uint64_t halves = plane_place(addr, p->granule_shift - 1);

	*half = halves << 63 >> 1;
	return leaf + (halves >> 1);
}

__attribute__((always_inline)) static inline uint64_t *plane_find_word(const struct plane *p,
								       uint64_t addr)
{
	uint64_t half;

	return plane_find_word_half(p, addr, &half);
}

/* Walks one plane in address order, gate closed or in the child; one that has no block yet, too: */
struct plane_cursor {
	const struct plane *plane;
	uint64_t addr;		/* of the current block */
	uint64_t size;		/* requested, escape resolved */
	struct record record;
	uint64_t next;		/* internal: where to go on, */
	const void *leaf;	/* the last leaf (NULL: none yet), */
	uint64_t leaf_start;	/* and the address that its records begin at */
};

void plane_cursor_init(struct plane_cursor *c, const struct plane *p);
/* Steps to the next block.  False at the end. */
bool plane_cursor_next(struct plane_cursor *c);

#endif
