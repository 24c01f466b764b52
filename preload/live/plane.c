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
/* How many words the walk is ahead of itself: with what they name, with the words themselves; and
 * how many it looks at together. */
#define WALK_AHEAD 64
#define WALK_NEXT 192
#define WALK_LINE 8
#define LEAF_TAIL 2	/* words: b and the size of a block that starts in the last granule */

struct plane live_planes[NR_PLANES];

/* 16 MB of address space, so only for planes that are used. */
static bool plane_add_directory(struct plane *p)
{
	const uint64_t size =
		PLANE_NR_LEAVES * sizeof(*p->leaves) + PLANE_NR_LEAVES / PLANE_GROUP;
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
	__atomic_store_n(&p->groups, (uint8_t *)(p->leaves + PLANE_NR_LEAVES), __ATOMIC_RELAXED);
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
	__atomic_store_n(&p->groups[index / PLANE_GROUP], 1, __ATOMIC_RELAXED);
	/* Release: pairs with the acquire in plane_find_slot. */
	if (!__atomic_compare_exchange_n(&p->leaves[index], &expected, leaf, false,
					 __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		private_pages_free(leaf, leaf_bytes(p));
	return true;
}

void *plane_next_leaf(const struct plane *p, uint64_t *index)
{
	while (*index < p->nr_leaves) {
		if (!p->groups[*index / PLANE_GROUP]) {
			*index = (*index / PLANE_GROUP + 1) * PLANE_GROUP;
			continue;
		}
		void *const leaf = __atomic_load_n(&p->leaves[*index], __ATOMIC_ACQUIRE);

		if (leaf)
			return leaf;
		++*index;
	}
	return NULL;
}

uint64_t plane_page_covers(const struct plane *p)
{
	const uint64_t size = is_malloc(p) ? sizeof(uint64_t) : sizeof(struct record);

	return PAGE / size << p->granule_shift;
}

/* A block that begins in the last words before a page may go on in its first ones: not where these
 * are 0, which they are again when the page is given back. */
static bool words_go_on(const uint64_t *leaf, uint64_t first)
{
	return first && (leaf[first] || leaf[first + 1]) &&
	       (leaf[first - 1] | leaf[first - 2]) & RECORD_START;
}

static bool words_are_empty(const uint64_t *leaf, uint64_t first)
{
	for (uint64_t i = first; i < first + PAGE / sizeof(*leaf); i++)
		if (leaf[i] & RECORD_START)
			return false;
	return !words_go_on(leaf, first);
}

/* The first record may be the size of the last one before. */
static bool records_are_empty(const struct record *leaf, uint64_t first)
{
	for (uint64_t i = first; i < first + PAGE / sizeof(*leaf); i++)
		if (record_kind(leaf[i].a))
			return false;
	return !(first && leaf[first].a && record_kind(leaf[first - 1].a));
}

bool plane_page_is_empty(const struct plane *p, const void *leaf, uint64_t n)
{
	return is_malloc(p) ? words_are_empty(leaf, n * (PAGE / sizeof(uint64_t)))
			    : records_are_empty(leaf, n * (PAGE / sizeof(struct record)));
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

/* To the leaf of c->next, skipping the ranges that have none.  False at the end. */
static bool cursor_enter_leaf(struct plane_cursor *c)
{
	uint64_t index = c->next >> PLANE_LEAF_SHIFT;

	c->leaf = c->plane->leaves ? plane_next_leaf(c->plane, &index) : NULL;
	if (!c->leaf)
		return false;
	c->leaf_start = index << PLANE_LEAF_SHIFT;
	if (c->next < c->leaf_start)
		c->next = c->leaf_start;
	return true;
}

/* What the store has for a word, if it does, and the block's header and first bytes are on their
 * way to the processor. */
static void prefetch_block(uint64_t word, uint64_t granule, uint32_t shift)
{
	if (record_is_brief(word))
		__builtin_prefetch(store_birth(record_brief_number(word)));
	else if (record_kind(word) == RECORD_STORED)
		__builtin_prefetch(store_record(record_number(word)));
	__builtin_prefetch((const void *)(granule + ((word >> 62 & 1) << (shift - 1)) - 8));
}

static void prefetch_words(const struct plane_cursor *c, uint64_t place, uint64_t end)
{
	const uint64_t *const words = c->leaf;
	const uint32_t shift = c->plane->granule_shift;

	__builtin_prefetch(words + place + WALK_NEXT);
	if (place + WALK_AHEAD + WALK_LINE > end)
		return;
	for (uint64_t i = place + WALK_AHEAD; i < place + WALK_AHEAD + WALK_LINE; i++)
		if (words[i] & RECORD_START)
			prefetch_block(words[i], c->leaf_start + (i << shift), shift);
}

/* The first record at or after *place in a leaf of malloc's plane.  False where there is none. */
static bool find_words(struct plane_cursor *c, uint64_t *place, uint64_t end)
{
	const uint64_t *const words = c->leaf;

	for (uint64_t i = *place; i < end; i++) {
		if (i % WALK_LINE == 0)
			prefetch_words(c, i, end);
		if (!live_read_words(words + i, &c->record))
			continue;
		*place = i;
		return true;
	}
	return false;
}

/* The same in one of the other planes. */
static bool find_record(const struct record *records, uint64_t *place, uint64_t end,
			struct record *out)
{
	for (uint64_t i = *place; i < end; i++) {
		if (record_kind(records[i].a) == 0)
			continue;
		*out = records[i];
		*place = i;
		return true;
	}
	return false;
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
	for (;;) {
		if ((!c->leaf || c->next - c->leaf_start >= LEAF_SIZE) && !cursor_enter_leaf(c))
			return false;
		const uint64_t end = LEAF_SIZE >> shift;
		uint64_t place = (c->next - c->leaf_start) >> shift;

		if (is_malloc(c->plane) ? find_words(c, &place, end)
					: find_record(c->leaf, &place, end, &c->record)) {
			c->next = c->leaf_start + (place << shift);
			cursor_take(c);
			return true;
		}
		c->next = c->leaf_start + LEAF_SIZE;
	}
}
