/* SPDX-License-Identifier: MIT */
/*
 * The record of one live block, 16 bytes, packed.  It stands in the shadow (live/plane.h) at the
 * block's address.
 *
 * Invariants:
 *   a.kind != 0  <=>  a block starts at this granule; a.start == 1 then, and b's top bit is 0
 *   a.size == SIZE_ESCAPE  =>  what follows the record holds the size (such a block covers many
 *   granules)
 *   the block's address is its granule's, plus half a granule with RECORD_HALF
 *   (address, tick, thread, seq) is unique for the life of the process: seq counts births and
 *   cannot wrap within one tick; a thread slot is not reused within one tick
 *
 * In malloc's plane a granule has one word.  A block that covers two granules at least has its
 * record there, a and then b: the top bit tells which. A smaller one has only one word:
 *   brief      a without attr, which is 0; its kind is one of RECORD_BRIEF's four, which has the
 *              lower bits of the block's. In the place of attr and of the size's upper bits stand
 *              the upper bit and a number: b is what live/store.h has under that
 *   stored     of kind RECORD_STORED, where that would not do: live/store.h has the whole record
 *
 * Writing: only the thread that owns the block (has just got it from, or is about to give it to,
 * the allocator) writes its slot, a last. Reading: with the gate closed, or by the owner.
 */
#ifndef LIVE_RECORD_H
#define LIVE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include <heapcensus/dump_format.h>

#define RECORD_SIZE_BITS 19
#define RECORD_STACK_BITS 24
#define RECORD_ATTR_BITS 14
#define RECORD_KIND_BITS 4
/* 2 bits of flags, 1 of start */
#define RECORD_TICK_BITS 26
#define RECORD_THREAD_BITS 14
#define RECORD_SEQ_BITS 23

#define RECORD_SIZE_ESCAPE ((1u << RECORD_SIZE_BITS) - 1)
#define RECORD_START (1ull << 63)
/* No kinds of blocks; see above. */
#define RECORD_BRIEF 11u
#define RECORD_STORED 15u
#define RECORD_BRIEF_SIZE_BITS 6
#define RECORD_BRIEF_NUMBER_BITS (RECORD_SIZE_BITS - RECORD_BRIEF_SIZE_BITS + RECORD_ATTR_BITS - 1)
#define RECORD_STACK_MAX ((1u << RECORD_STACK_BITS) - 1)
#define RECORD_ATTR_MAX ((1u << RECORD_ATTR_BITS) - 1)
#define RECORD_TICK_MAX ((1u << RECORD_TICK_BITS) - 1)
#define RECORD_TICK_NS (1ull << 28)	/* 0.27 s; RECORD_TICK_MAX of them are 208 days */

enum record_flag {
	RECORD_LABELLED = 1, /* live/label.h may have a text for it, or somebody watches it: its end
				is told */
	RECORD_HALF = 2,     /* the block starts half a granule later (glibc's are aligned to 16,
				granules are 32) */
};

struct record {
	uint64_t a;	/* size:19 stack:24 attr:14 kind:4 flags:2 start:1, from bit 0 */
	uint64_t b;	/* tick:26 thread:14 seq:23 0:1 */
};
_Static_assert(sizeof(struct record) == 16, "half of a granule");

static inline uint64_t record_pack_a(uint64_t size, uint32_t stack, uint32_t attr, uint32_t kind,
				     uint32_t flags)
{
	const uint64_t small = size < RECORD_SIZE_ESCAPE ? size : RECORD_SIZE_ESCAPE;

	return small | (uint64_t)stack << 19 | (uint64_t)attr << 43 | (uint64_t)kind << 57 |
	       (uint64_t)flags << 61 | RECORD_START;
}

static inline uint64_t record_pack_b(uint32_t tick, uint32_t thread, uint64_t seq)
{
	return (uint64_t)tick | (uint64_t)thread << 26 | (seq << 40 & ~RECORD_START);
}

static inline uint32_t record_size_field(uint64_t a) { return a & RECORD_SIZE_ESCAPE; }
static inline uint32_t record_stack(uint64_t a) { return a >> 19 & RECORD_STACK_MAX; }
static inline uint32_t record_attr(uint64_t a) { return a >> 43 & RECORD_ATTR_MAX; }
static inline uint32_t record_kind(uint64_t a) { return a >> 57 & 15; }
static inline uint32_t record_flags(uint64_t a) { return a >> 61 & 3; }
static inline uint32_t record_tick(uint64_t b) { return b & RECORD_TICK_MAX; }
static inline uint32_t record_thread(uint64_t b) { return b >> 26 & 0x3fff; }
static inline uint32_t record_seq(uint64_t b) { return b >> 40; }

/* The word of a stored record: of its block's a the size, the flags and the start are there. */
static inline uint64_t record_pack_stored(uint64_t a, uint32_t number)
{
	return (a & (RECORD_SIZE_ESCAPE | RECORD_START | 3ull << 61)) | (uint64_t)number << 19 |
	       (uint64_t)RECORD_STORED << 57;
}
static inline uint32_t record_number(uint64_t word) { return (uint32_t)(word >> 19); }

/* Others are stored. */
static inline bool record_can_be_brief(uint32_t kind)
{
	return kind - 1 < 8;
}
_Static_assert(HC_KIND_NEW_ARRAY <= 8 && HC_KIND_PYTHON < RECORD_BRIEF &&
		       RECORD_STORED - RECORD_BRIEF == 4,
	       "all that malloc's plane has can be brief");

static inline bool record_is_brief(uint64_t word)
{
	return record_kind(word) - RECORD_BRIEF < RECORD_STORED - RECORD_BRIEF;
}

/* size is below 1 << RECORD_BRIEF_SIZE_BITS, number below 1 << RECORD_BRIEF_NUMBER_BITS; flags are
 * in their place. */
__attribute__((always_inline)) static inline uint64_t
record_pack_brief(uint64_t size, uint32_t stack, uint32_t kind, uint64_t flags, uint32_t number)
{
	const uint32_t low = RECORD_SIZE_BITS - RECORD_BRIEF_SIZE_BITS;
	const uint32_t rest = number | ((kind - 1) >> 2) << RECORD_BRIEF_NUMBER_BITS;

	return record_pack_a(size | (rest & ((1u << low) - 1)) << RECORD_BRIEF_SIZE_BITS, stack,
			     rest >> low, RECORD_BRIEF + ((kind - 1) & 3), 0) |
	       flags;
}
static inline uint32_t record_brief_size(uint64_t word)
{
	return word & ((1u << RECORD_BRIEF_SIZE_BITS) - 1);
}
static inline uint32_t record_brief_rest(uint64_t word)
{
	return record_size_field(word) >> RECORD_BRIEF_SIZE_BITS |
	       record_attr(word) << (RECORD_SIZE_BITS - RECORD_BRIEF_SIZE_BITS);
}
static inline uint32_t record_brief_number(uint64_t word)
{
	return record_brief_rest(word) & ((1u << RECORD_BRIEF_NUMBER_BITS) - 1);
}

/* a of the block that has a brief word. */
static inline uint64_t record_brief_a(uint64_t word)
{
	const uint32_t upper = record_brief_rest(word) >> RECORD_BRIEF_NUMBER_BITS;

	return record_pack_a(record_brief_size(word), record_stack(word), 0,
			     1 + (record_kind(word) - RECORD_BRIEF) + upper * 4,
			     record_flags(word));
}

#endif
