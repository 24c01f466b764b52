/* SPDX-License-Identifier: MIT */
/*
 * The census itself: a block enters with live_insert when the allocator has handed it out, leaves
 * with live_forget before the allocator gets it back.  The caller is inside the door (t->inside),
 * except for live_forget, which a nested call may use too: it writes only the slot of a block that
 * the caller owns.
 *
 * Invariant, at any moment with the gate closed: the records are exactly the blocks that the
 * program owns, less those counted as lost.
 */
#ifndef LIVE_LIVE_H
#define LIVE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "live/plane.h"
#include "live/record.h"
#include "live/store.h"
#include "live/thread.h"
#include "rt/clock.h"
#include "rt/count.h"

/* A record taken out of the table, with its size resolved. */
struct live_block {
	uint64_t a, b;
	uint64_t size;
};

/* Slow halves of the functions below (live/live.c). */
void live_read_clock(struct thread *t);
bool live_put_escape(struct plane *p, uint64_t addr, uint64_t size);
uint64_t live_get_escape(const struct plane *p, uint64_t addr);
bool live_put_malloc(struct thread *t, uint64_t addr, uint64_t size, uint64_t a, uint64_t b);
void live_drop_label(enum plane_id plane, uint64_t addr);

/*
 * Before a birth: t->birth is of now.  A clock takes longer than all the rest of an insertion, so
 * it is read for each LIVE_CLOCK_EVERY-th birth and in each new second only: the birth of a block
 * is never told too late, and too early by less than a second where its thread gives birth seldom.
 */
#define LIVE_CLOCK_EVERY 16
static inline bool live_needs_clock(const struct thread *t)
{
	return __builtin_expect(clock_second() != t->second || t->seq % LIVE_CLOCK_EVERY == 0, 0);
}

static inline void live_notice_time(struct thread *t)
{
	if (live_needs_clock(t))
		live_read_clock(t);
}

/* struct record's b of the thread's next block.  After live_notice_time. */
static inline uint64_t live_pack_birth(const struct thread *t)
{
	return t->birth | (t->seq << 40 & ~RECORD_START);
}

__attribute__((always_inline)) static inline uint64_t live_pack_half(const struct plane *p,
								     uint64_t addr)
{
	return (addr >> (plane_shift(p) - 1) & 1) << 62;
}
_Static_assert((uint64_t)RECORD_HALF << 61 == 1ull << 62, "live_pack_half makes this flag");

/* The record that words of malloc's plane hold or name.  False where no block starts there. */
static inline bool live_read_words(const uint64_t *word, struct record *out)
{
	if (!(word[0] & RECORD_START))
		return false;
	if (record_kind(word[0]) == RECORD_STORED)
		*out = *store_record(record_number(word[0]));
	else if (record_is_brief(word[0]))
		*out = (struct record){ .a = record_brief_a(word[0]),
					.b = *store_birth(record_brief_number(word[0])) };
	else
		*out = (struct record){ .a = word[0], .b = word[1] };
	return true;
}

/* The slot of addr, its leaf made where it is missing.  NULL (counted) where that fails.  Not
 * malloc's plane. */
__attribute__((always_inline)) static inline struct record *live_make_slot(struct plane *p,
									   uint64_t addr)
{
	struct record *const slot = plane_find_slot(p, addr);

	if (__builtin_expect(slot != NULL, 1))
		return slot;
	return plane_add_leaf(p, addr) ? plane_find_slot(p, addr) : NULL;
}

/* Writes a record as given (a without size and half).  False (counted) where the table has no
 * memory.  t may be NULL but for malloc's. */
__attribute__((always_inline)) static inline bool live_put(struct thread *t, enum plane_id plane,
							   uint64_t addr, uint64_t size, uint64_t a,
							   uint64_t b)
{
	struct plane *const p = &live_planes[plane];

	if (plane == PLANE_MALLOC)
		return live_put_malloc(t, addr, size, a, b);
	struct record *const slot = live_make_slot(p, addr);

	if (__builtin_expect(!slot, 0))
		return false;
	if (__builtin_expect(size >= RECORD_SIZE_ESCAPE, 0)) {
		if (!live_put_escape(p, addr, size))
			return false;
		size = RECORD_SIZE_ESCAPE;
	}
	slot->b = b;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	slot->a = a | size | live_pack_half(p, addr);
	return true;
}

/* A new block: born now. */
__attribute__((always_inline)) static inline void live_insert(struct thread *t, enum plane_id plane,
							      uint64_t addr, uint64_t size,
							      uint32_t kind, uint32_t stack,
							      uint32_t attr)
{
	live_notice_time(t);
	if (live_put(t, plane, addr, size, record_pack_a(0, stack, attr, kind, 0),
		     live_pack_birth(t)))
		t->bytes_allocated += size;
	t->seq++;
}

/* live_insert of one of malloc's where nothing is out of the ordinary, so that the compiler need
 * keep nothing for slow calls; after live_notice_time.  False: nothing was done. */
__attribute__((always_inline)) static inline bool live_insert_hot(struct thread *t, uint64_t addr,
								  uint64_t size, uint32_t kind,
								  uint32_t stack)
{
	const struct plane *const p = &live_planes[PLANE_MALLOC];
	uint64_t half;
	uint64_t *const word = plane_find_word_half(p, addr, &half);

	if (__builtin_expect(!word || *word >> 63, 0))
		return false;
	const uint64_t b = live_pack_birth(t);

	if (__builtin_expect(size >= RECORD_SIZE_ESCAPE, 0))
		return false;
	if (__builtin_expect((uint32_t)size >= p->inline_min, 1)) {
		word[1] = b;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		word[0] = record_pack_a(size, stack, t->attr, kind, 0) | half;
	} else {
		if (__builtin_expect(!t->nr_spare || t->attr || !record_can_be_brief(kind), 0))
			return false;
		const uint32_t number = t->spare[--t->nr_spare];

		*store_birth(number) = b;
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		word[0] = record_pack_brief(size, stack, kind, half, number);
	}
	t->bytes_allocated += size;
	t->seq++;
	return true;
}

/* Reads what starts in the granule of addr.  False where nothing does. */
__attribute__((always_inline)) static inline bool live_read(enum plane_id plane, uint64_t addr,
							    struct record *out)
{
	const struct plane *const p = &live_planes[plane];

	if (plane == PLANE_MALLOC) {
		const uint64_t *const word = plane_find_word(p, addr);

		return word && live_read_words(word, out);
	}
	const struct record *const slot = plane_find_slot(p, addr);

	if (!slot || record_kind(slot->a) == 0)
		return false;
	*out = *slot;
	return true;
}

/* The block that starts at addr exactly. */
__attribute__((always_inline)) static inline bool live_find(enum plane_id plane, uint64_t addr,
							    struct live_block *out)
{
	const struct plane *const p = &live_planes[plane];
	struct record record;

	if (!live_read(plane, addr, &record))
		return false;
	out->a = record.a;
	out->b = record.b;
	if (__builtin_expect((out->a ^ live_pack_half(p, addr)) >> 62 & 1, 0))
		return false;	/* a pointer into a small block, or just before one */
	out->size = record_size_field(out->a);
	if (__builtin_expect(out->size == RECORD_SIZE_ESCAPE, 0))
		out->size = live_get_escape(p, addr);
	return true;
}

/* No block starts in the granule of addr of malloc's any more. */
static inline void live_drop_word(struct thread *t, uint64_t addr)
{
	uint64_t *const word = plane_find_word(&live_planes[PLANE_MALLOC], addr);
	const uint64_t was = *word;

	*word = 0;
	if (!t)
		return; /* nested: the number is lost */
	if (record_kind(was) == RECORD_STORED)
		store_give_record(record_number(was));
	else if (record_is_brief(was))
		store_give(t, record_brief_number(was));
}

/* Takes the block out.  False where the census does not know it.  t may be NULL (nothing is added
 * up then). */
__attribute__((always_inline)) static inline bool live_forget(struct thread *t, enum plane_id plane,
							      uint64_t addr, struct live_block *was)
{
	if (!live_find(plane, addr, was))
		return false;
	if (plane == PLANE_MALLOC)
		live_drop_word(t, addr);
	else
		plane_find_slot(&live_planes[plane], addr)->a = 0;
	if (t) {
		t->nr_freed++;
		t->bytes_freed += was->size;
	}
	return true;
}

/* live_forget of one of malloc's where nothing is out of the ordinary: known, of moderate size,
 * without a label.  False: nothing was done. */
__attribute__((always_inline)) static inline bool live_forget_hot(struct thread *t, uint64_t addr)
{
	uint64_t half;
	uint64_t *const word = plane_find_word_half(&live_planes[PLANE_MALLOC], addr, &half);

	if (__builtin_expect(!word, 0))
		return false;
	const uint64_t a = *word;
	/* Start, flags and kind: no label, the right half, and 1 <= kind < RECORD_STORED. */
	const uint64_t kind = ((a ^ half) >> 57) - (RECORD_START >> 57);
	uint32_t size = record_size_field(a);

	if (__builtin_expect(kind - 1 < RECORD_BRIEF - 1, 1)) {
		if (__builtin_expect(size == RECORD_SIZE_ESCAPE, 0))
			return false;
	} else {
		if (__builtin_expect(kind - RECORD_BRIEF >= RECORD_STORED - RECORD_BRIEF ||
					     t->nr_spare == THREAD_NR_SPARE,
				     0))
			return false;
		t->spare[t->nr_spare++] = record_brief_number(a);
		size = record_brief_size(a);
	}
	*word = 0;
	t->nr_freed++;
	t->bytes_freed += size;
	return true;
}

/* For blocks that a program frees: drops the label too. */
static inline void live_forget_label(enum plane_id plane, uint64_t addr,
				     const struct live_block *was)
{
	if (__builtin_expect(record_flags(was->a) & RECORD_LABELLED, 0))
		live_drop_label(plane, addr);
}

/* Puts a block back that live_forget has taken (realloc failed), or at the same address with a new
 * size (realloc in place). */
void live_restore(struct thread *t, enum plane_id plane, uint64_t addr, uint64_t size,
		  const struct live_block *was);

/* Changes what a live block says of itself.  kind or stack or attr as given; birth, size and label
 * stay.  False where it is unknown. */
bool live_change(enum plane_id plane, uint64_t addr, uint32_t kind, uint32_t stack, uint32_t attr);
bool live_set_labelled(enum plane_id plane, uint64_t addr, bool labelled);

/*
 * Remembering a block by its address: what is known of a watched block is true for as long as
 * live_nr_dropped has not changed; then its birth has to be compared.  Any thread that the block
 * outlives; false where it is unknown.
 */
bool live_watch(uint64_t addr, uint64_t *birth);
extern uint32_t live_nr_dropped __attribute__((
	visibility("hidden"))); /* times that watched or labelled blocks may have died */
void live_drop_watched(void);	/* ... other than one by one */

/* The plane in which a block starts at addr: the innermost of pool, object, python, malloc, mmap.
 * False where none does. */
bool live_find_any(uint64_t addr, enum plane_id *plane, struct live_block *out);

#endif
