/* SPDX-License-Identifier: MIT */
/*
 * The shadow planes: reservation of directories, leaves on demand, and the walk in address order.
 *
 * Any thread, in a signal handler, in the snapshot child; nothing is ever unmapped.  Leaves are
 * raced for: the loser gives its own back.
 */
#include "live/plane.h"

#include <string.h>

#include "live/objects.h"
#include "rt/count.h"
#include "rt/private.h"
#include "rt/sys.h"

#include "rt/ban.h"

#define PAGE 4096ul
#define LEAF_SIZE (1ul << PLANE_LEAF_SHIFT)
#define LEAF_TAIL 2	/* words: b and the size of a block that starts in the last granule */

struct plane live_planes[NR_PLANES];

/* 16 MB of address space, so only for planes that are used. */
static bool plane_add_directory(struct plane *p)
{
	const uint64_t size = PLANE_NR_LEAVES * sizeof(*p->leaves);
	void **expected = NULL;
	void **leaves;

	if (p->nr_leaves)
		return true;
	leaves = private_pages(size);
	if (!leaves)
		return false;
	if (!__atomic_compare_exchange_n(&p->leaves, &expected, leaves, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		private_pages_free(leaves, size);
	__atomic_store_n(&p->nr_leaves, PLANE_NR_LEAVES, __ATOMIC_RELEASE);
	return true;
}

bool live_planes_init(uint32_t malloc_granule_shift)
{
	static const uint32_t shifts[NR_PLANES] = {
		[PLANE_MMAP] = 12,
		[PLANE_POOL] = 3,
		[PLANE_OBJECT] = PLANE_PYTHON_SHIFT,
		[PLANE_PYTHON] = PLANE_PYTHON_SHIFT,
	};

	for (uint32_t i = 0; i < NR_PLANES; i++)
		live_planes[i].granule_shift = i == PLANE_MALLOC ? malloc_granule_shift : shifts[i];
	/* glibc's block has a header of 8; others round up to 16. */
	live_planes[PLANE_MALLOC].inline_min = malloc_granule_shift == 5 ? 41 : 17;
	return plane_add_directory(&live_planes[PLANE_MALLOC]);
}

static bool is_malloc(const struct plane *p) { return p == &live_planes[PLANE_MALLOC]; }

static uint64_t leaf_bytes(const struct plane *p)
{
	const uint64_t nr = LEAF_SIZE >> p->granule_shift;

	return is_malloc(p) ? (nr + LEAF_TAIL) * sizeof(uint64_t) : nr * sizeof(struct record);
}

bool plane_add_leaf(struct plane *p, uint64_t addr)
{
	const uint64_t index = addr >> PLANE_LEAF_SHIFT;
	void *expected = NULL;
	void *leaf;

	if (addr >> PLANE_ADDRESS_BITS || !plane_add_directory(p)) {
		COUNT(blocks_no_shadow);
		return false;
	}
	leaf = private_pages(leaf_bytes(p));
	if (!leaf) {
		COUNT(blocks_no_shadow);
		return false;
	}
	/* Release: pairs with the acquire in plane_find_slot. */
	if (!__atomic_compare_exchange_n(&p->leaves[index], &expected, leaf, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		private_pages_free(leaf, leaf_bytes(p));
	return true;
}

/* Whole pages are given back. */
static void clear_slots(struct record *first, uint64_t nr)
{
	const uint64_t start = (uint64_t)first, end = (uint64_t)(first + nr);
	const uint64_t page_start = (start + PAGE - 1) & -PAGE, page_end = end & -PAGE;

	if (page_start < page_end &&
	    sys_madvise((void *)page_start, page_end - page_start, MADV_DONTNEED) == 0) {
		memset(first, 0, page_start - start);
		memset((void *)page_end, 0, end - page_end);
	} else {
		memset(first, 0, end - start);
	}
}

void plane_clear(struct plane *p, uint64_t addr, uint64_t len)
{
	const uint64_t end = addr + len;

	while (addr < end) {
		const uint64_t leaf_end = (addr & ~(LEAF_SIZE - 1)) + LEAF_SIZE;
		const uint64_t stop = end < leaf_end ? end : leaf_end;
		struct record *const first = plane_find_slot(p, addr);

		if (first)
			clear_slots(first, (stop - addr) >> p->granule_shift);
		addr = stop;
	}
}

void plane_cursor_init(struct plane_cursor *c, const struct plane *p)
{
	memset(c, 0, sizeof(*c));
	c->plane = p;
}

/* The leaf of c->next, skipping the ranges that have none; NULL at the end. */
static const void *cursor_leaf(struct plane_cursor *c)
{
	for (;;) {
		const uint64_t index = c->next >> PLANE_LEAF_SHIFT;

		if (index >= c->plane->nr_leaves)
			return NULL;
		const void *const leaf =
			__atomic_load_n(&c->plane->leaves[index], __ATOMIC_ACQUIRE);

		if (leaf)
			return leaf;
		c->next = (index + 1) << PLANE_LEAF_SHIFT;
	}
}

/* The record of a granule.  False where none starts there. */
static bool read_record(const struct plane *p, const void *leaf, uint64_t place, struct record *out)
{
	if (is_malloc(p))
		return live_read_words((const uint64_t *)leaf + place, out);
	*out = ((const struct record *)leaf)[place];
	return record_kind(out->a) != 0;
}

static void cursor_take(struct plane_cursor *c)
{
	const uint32_t shift = c->plane->granule_shift;
	const uint64_t granule = c->next;

	c->addr = granule;
	if (record_flags(c->record.a) & RECORD_HALF)
		c->addr += 1ul << (shift - 1);
	c->size = record_size_field(c->record.a);
	c->next = granule + (1ul << shift);
	if (c->size == RECORD_SIZE_ESCAPE)
		c->size = live_get_escape(c->plane, granule);
}

bool plane_cursor_next(struct plane_cursor *c)
{
	const uint32_t shift = c->plane->granule_shift;

	if (c->plane == &live_planes[PLANE_OBJECT])
		return object_cursor_next(c);
	if (!c->plane->leaves)
		return false;
	for (;;) {
		const void *const leaf = cursor_leaf(c);

		if (!leaf)
			return false;
		for (uint64_t i = (c->next & (LEAF_SIZE - 1)) >> shift; i < LEAF_SIZE >> shift;
		     i++) {
			if (!read_record(c->plane, leaf, i, &c->record))
				continue;
			c->next = (c->next & ~(LEAF_SIZE - 1)) + (i << shift);
			cursor_take(c);
			return true;
		}
		c->next = (c->next & ~(LEAF_SIZE - 1)) + LEAF_SIZE;
	}
}
