/* SPDX-License-Identifier: MIT */
/*
 * Records of Python's small objects, packed by pymalloc's own geometry: a pool is a stretch of one
 * size, aligned to it, that begins with a header and holds blocks of one class; the class stands in
 * the header.  So a block's number in its pool finds its record in an array that is as long as the
 * pool has blocks: 12 bytes a block, where the shadow (live/plane.h) has 16 for every granule.
 *
 * What does not fit is no loss but a full record in PLANE_PYTHON: a block born in a scope or tagged
 * (attr != 0), a thread without a slot, an address that is no block of a pool of an arena that we
 * were told of, a pool whose header says something else.  A block is in one of the two, never in
 * both.
 *
 * Invariants:
 *   birth != 0 (its thread is never 0)  <=>  a block is alive there
 *   pool.block_size > OBJECT_POOL_EMPTY  <=>  pool.records has nr_blocks(block_size) records
 *   a pool with a living block has the class that it had when the block was born
 *
 * Writing: inside the door, by the thread that owns the block (with the GIL of its interpreter;
 * another interpreter with its own has its own pools).  Reading: with the gate closed, or by the
 * owner.  Never allocates from the host, keeps errno.
 */
#ifndef LIVE_OBJECTS_H
#define LIVE_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "live/live.h"

#define OBJECT_SIZE_MAX	     512u /* pymalloc's largest class */
#define OBJECT_POOL_HEADER   48u
#define OBJECT_POOL_CLASS_AT 36u /* where the header has its class: block size / 16 - 1 */
#define OBJECT_POOL_EMPTY    1u	 /* block_size of a pool of a known arena that has no records yet */
#define OBJECT_SLACK_MAX     127u

struct object_record {
	uint64_t birth; /* tick:26 thread:14 seq:24, as struct record's b */
	uint32_t rest;	/* stack:24 slack:7 (block size - requested size) labelled:1 */
} __attribute__((packed, aligned(4)));
_Static_assert(sizeof(struct object_record) == 12, "packed");

struct object_pool {
	struct object_record *records;
	uint32_t block_size; /* 0: no pool of a known arena */
	uint32_t reciprocal; /* 2^32 / block_size, rounded up */
};

/* Written once, at the first arena; leaves last. */
struct objects {
	struct object_pool *
		*leaves; /* a directory as live/plane.h has it; NULL until there is an arena */
	uint64_t start_mask;	     /* of an address: where its pool starts */
	uint64_t leaf_mask; /* of an address >> entry_shift: its pool's place in the leaf, in bytes
			     */
	uint32_t entry_shift;
	uint32_t pool_shift;
};
extern struct objects live_objects __attribute__((visibility("hidden")));

/* An arena of pools of 1 << pool_shift bytes.  False where it cannot be followed: all of its blocks
 * go to PLANE_PYTHON. */
bool objects_add_arena(uint64_t addr, uint64_t size, uint32_t pool_shift);
/* Forgets all that lives there. */
void objects_remove_arena(uint64_t addr, uint64_t size);

/* A new object, born now.  False: it is not for this table, nothing was done. */
bool object_insert(struct thread *t, uint64_t addr, uint64_t size, uint32_t stack);

/* As live_find and its kind, for PLANE_OBJECT. */
bool object_find(uint64_t addr, struct live_block *out);
bool object_forget(struct thread *t, uint64_t addr, struct live_block *was);
bool object_put(uint64_t addr, uint64_t size, uint64_t a, uint64_t b);
bool object_set_labelled(uint64_t addr, bool labelled);
bool object_cursor_next(struct plane_cursor *c);

void objects_fork_prepare(void);
void objects_fork_done(void);

/* NULL where addr cannot be in a pool. */
__attribute__((always_inline)) static inline struct object_pool *object_find_pool(uint64_t addr)
{
	struct object_pool *leaf;

	if (__builtin_expect(!live_objects.leaves || addr >> PLANE_ADDRESS_BITS, 0))
		return NULL;
	/* Pairs with the release in objects_add_arena. */
	leaf = __atomic_load_n(&live_objects.leaves[addr >> PLANE_LEAF_SHIFT], __ATOMIC_ACQUIRE);
	if (__builtin_expect(!leaf, 0))
		return NULL;
	return (struct object_pool *)((char *)leaf +
				      (addr >> live_objects.entry_shift & live_objects.leaf_mask));
}

static inline uint64_t object_pool_start(uint64_t addr)
{
	return addr & live_objects.start_mask;
}

/* The number of the block in its pool that holds addr, which is behind the header. */
__attribute__((always_inline)) static inline uint64_t object_number(const struct object_pool *pool,
								    uint64_t addr)
{
	const uint32_t offset = (uint32_t)(addr - object_pool_start(addr)) - OBJECT_POOL_HEADER;

	return (uint64_t)offset * pool->reciprocal >> 32;
}

/* The record of the block that starts at addr exactly, alive or not; NULL where none can. */
__attribute__((always_inline)) static inline struct object_record *
object_record_at(const struct object_pool *pool, uint64_t addr)
{
	const uint64_t i = object_number(pool, addr);

	if (addr - object_pool_start(addr) != OBJECT_POOL_HEADER + i * pool->block_size)
		return NULL;
	return pool->records + i;
}

/* The same; NULL where addr is in no pool that has records. */
__attribute__((always_inline)) static inline struct object_record *object_find_record(uint64_t addr)
{
	const struct object_pool *const pool = object_find_pool(addr);

	return pool && pool->records ? object_record_at(pool, addr) : NULL;
}

/* The class of the pool of addr, which is a pool's for sure, as pymalloc has it now. */
static inline uint32_t object_class_size(uint64_t addr)
{
	const uint32_t *const index =
		(const uint32_t *)(object_pool_start(addr) + OBJECT_POOL_CLASS_AT);

	return (*index + 1) * 16;
}

/*
 * object_insert for what pymalloc has just given, where nothing is out of the ordinary; after
 * live_notice_time.  pymalloc's word is taken for it that addr is a block's start.
 */
__attribute__((always_inline)) static inline bool
object_insert_hot(struct thread *t, uint64_t addr, uint64_t size, uint32_t stack)
{
	const struct object_pool *const pool = object_find_pool(addr);

	if (__builtin_expect(
		    !pool || pool->block_size <= OBJECT_POOL_EMPTY || t->attr || !t->slot, 0))
		return false;
	const uint64_t slack = pool->block_size - size;

	if (__builtin_expect(
		    slack > OBJECT_SLACK_MAX || pool->block_size != object_class_size(addr), 0))
		return false;
	struct object_record *const r = pool->records + object_number(pool, addr);

	r->rest = stack | (uint32_t)slack << 24;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	r->birth = live_pack_birth(t);
	t->bytes_allocated += size;
	t->seq++;
	return true;
}

/*
 * object_forget of an object without a label, before pymalloc gets it back.  False: nothing was
 * done.  Outside the door: it is one store. What comes too late for a snapshot's gate by the length
 * of this function is a block that was alive.
 */
__attribute__((always_inline)) static inline bool object_forget_hot(struct thread *t, uint64_t addr)
{
	const struct object_pool *const pool = object_find_pool(addr);

	if (__builtin_expect(
		    !pool || !pool->records || __atomic_load_n(&gate.busy, __ATOMIC_RELAXED), 0))
		return false;
	struct object_record *const r = pool->records + object_number(pool, addr);

	if (__builtin_expect(!r->birth || r->rest >> 31, 0))
		return false;
	r->birth = 0;
	t->nr_freed++;
	t->bytes_freed += pool->block_size - (r->rest >> 24);
	return true;
}

#endif
