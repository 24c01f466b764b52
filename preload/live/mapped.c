/* SPDX-License-Identifier: MIT */
/*
 * The mmap plane: whole, cut, punched and moved blocks.
 *
 * Under the door and the lock of this file.  Sizes are as requested; what a block covers ends at a
 * page.  Invariant: blocks do not overlap, so the nearest start below an address is the only block
 * that can cover it.
 */
#include "live/mapped.h"

#include <heapcensus/dump_format.h>

#include "live/label.h"
#include "live/lock.h"

#include "rt/ban.h"

#define PAGE 4096ul
#define LEAF_SPAN (1ul << PLANE_LEAF_SHIFT)
#define LEAF_PAGES (LEAF_SPAN / PAGE)

/* Under its lock. */
static struct {
	struct lock lock;
	uint64_t longest; /* no block ever covered more: how far below an address a block over it
			     can start */
} mapped;

void mapped_lock(void) { lock_take(&mapped.lock); }

void mapped_unlock(void) { lock_give(&mapped.lock); }

static uint64_t page_up(uint64_t n) { return (n + PAGE - 1) & ~(PAGE - 1); }

static void note_length(uint64_t len)
{
	if (page_up(len) > mapped.longest)
		mapped.longest = page_up(len);
}

static const struct record *leaf_of(uint64_t addr)
{
	const struct plane *const p = &live_planes[PLANE_MMAP];

	return addr >> PLANE_LEAF_SHIFT >= p->nr_leaves ? NULL
							: p->leaves[addr >> PLANE_LEAF_SHIFT];
}

/* The first start in [addr, end), or end. */
static uint64_t next_start(uint64_t addr, uint64_t end)
{
	while (addr < end) {
		const struct record *const leaf = leaf_of(addr);
		const uint64_t leaf_end = (addr & ~(LEAF_SPAN - 1)) + LEAF_SPAN;

		for (; leaf && addr < end && addr < leaf_end; addr += PAGE)
			if (record_kind(leaf[addr % LEAF_SPAN / PAGE].a))
				return addr;
		addr = leaf_end;
	}
	return end;
}

/*
 * The nearest start below addr from which a block could reach it, or 0.  Programs unmap files all
 * the time, which are no blocks: the search must end soon where nothing is.
 */
static uint64_t previous_start(uint64_t addr)
{
	const uint64_t lowest = addr > mapped.longest ? addr - mapped.longest : 0;

	while (addr > lowest) {
		const uint64_t leaf_start = (addr - 1) & ~(LEAF_SPAN - 1);
		const struct record *const leaf = leaf_of(leaf_start);
		const uint64_t stop = leaf_start > lowest ? leaf_start : lowest;

		for (; leaf && addr > stop; addr -= PAGE)
			if (record_kind(leaf[(addr - PAGE) % LEAF_SPAN / PAGE].a))
				return addr - PAGE;
		addr = leaf_start;
	}
	return 0;
}

/* A part of a block that has been forgotten goes on as a block.  In the thread's sums: the whole
 * was freed, its bytes come back. */
static void put_piece(struct thread *t, uint64_t addr, uint64_t size,
		      const struct live_block *whole, bool keeps_label)
{
	uint64_t a = whole->a & ~((uint64_t)RECORD_SIZE_ESCAPE);

	if (!keeps_label)
		a &= ~((uint64_t)RECORD_LABELLED << 61);
	if (!live_put(t, PLANE_MMAP, addr, size, a, whole->b))
		return;
	t->bytes_allocated += size;
	note_length(size);
}

/* Cuts [addr, end) out of the block at start, where it meets it. */
static void cut(struct thread *t, uint64_t start, uint64_t addr, uint64_t end)
{
	struct live_block whole;

	if (!live_find(PLANE_MMAP, start, &whole) || start + page_up(whole.size) <= addr)
		return;
	live_forget(t, PLANE_MMAP, start, &whole);
	if (start < addr)
		put_piece(t, start, addr - start, &whole, true);
	else
		live_forget_label(PLANE_MMAP, start, &whole);
	if (start + whole.size > end)
		put_piece(t, end, start + whole.size - end, &whole, false);
}

void mapped_remove(struct thread *t, uint64_t addr, uint64_t len)
{
	const uint64_t end = addr + page_up(len);
	struct live_block whole;

	/* The common case: exactly one block. */
	if (live_find(PLANE_MMAP, addr, &whole) && page_up(whole.size) == page_up(len)) {
		live_forget(t, PLANE_MMAP, addr, &whole);
		live_forget_label(PLANE_MMAP, addr, &whole);
		return;
	}
	const uint64_t before = previous_start(addr);

	if (before)
		cut(t, before, addr, end);
	for (uint64_t start = next_start(addr, end); start < end;
	     start = next_start(start + PAGE, end))
		cut(t, start, addr, end);
}

void mapped_insert(struct thread *t, uint64_t addr, uint64_t len, uint32_t kind, uint32_t stack)
{
	live_insert(t, PLANE_MMAP, addr, len, kind, stack, t->attr);
	note_length(len);
}

/* The block that covers addr. */
static bool find_over(uint64_t addr, uint64_t *start, struct live_block *out)
{
	*start = addr;
	if (live_find(PLANE_MMAP, addr, out))
		return true;
	*start = previous_start(addr);
	return *start && live_find(PLANE_MMAP, *start, out) && *start + page_up(out->size) > addr;
}

/* A second place for the same memory: a block of its own, which inherits stack and attr. */
static void copy_to(struct thread *t, const struct live_block *whole, uint64_t to, uint64_t to_len)
{
	mapped_remove(t, to, to_len);
	live_insert(t, PLANE_MMAP, to, to_len, record_kind(whole->a), record_stack(whole->a),
		    record_attr(whole->a));
	note_length(to_len);
}

void mapped_move(struct thread *t, uint64_t from, uint64_t from_len, uint64_t to, uint64_t to_len,
		 bool stays)
{
	struct live_block whole;
	uint64_t start;
	const bool known = find_over(from, &start, &whole);
	const bool labelled = known && start == from && record_flags(whole.a) & RECORD_LABELLED;

	if (known && stays) {
		copy_to(t, &whole, to, to_len);
		return;
	}
	if (labelled) {
		live_set_labelled(PLANE_MMAP, from, false);	/* so that no cut drops it */
		if (to != from)
			label_move(PLANE_MMAP, from, to);
	}
	if (!stays)
		mapped_remove(t, from, from_len);
	if (to != from)
		mapped_remove(t, to, to_len);
	if (known)
		put_piece(t, to, to_len, &whole, labelled);
}

void mapped_fork_prepare(void) { lock_take(&mapped.lock); }

void mapped_fork_done(void) { lock_give(&mapped.lock); }
