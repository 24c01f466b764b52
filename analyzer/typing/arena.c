/* SPDX-License-Identifier: MIT */
/*
 * Slabs that a program cuts into objects by itself, told by the vtables inside.  What else has many
 * vtables inside is an array, which repeats itself, or one large object with members that have
 * some; but a class does not contain itself, has one layout, seldom the size of a slab, and its
 * members are not what pointers lead to.  What cannot be told from those stays what it was.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/interior.h"
#include "typing/arena.h"
#include "typing/pointed.h"
#include "typing/recogniser.h"

#define OBJECTS_MANY	 32u /* enough, where the first is no object with a vtable */
#define PERIODS_MAX	 16u
#define LAYOUT_WORDS_MAX 8u

/* An object with a vtable inside a block. */
struct hit {
	uint64_t offset;
	node_id block;
	uint32_t type;
	bool is_pointed; /* some pointer leads to its start */
};

struct slabs {
	struct typing *typing;
	struct heap *heap;
	struct hit *hits; /* by block, then offset */
	size_t nr, room;
};

static bool is_candidate(const struct slabs *s, node_id n)
{
	const struct type *type = object_type(s->heap, n);

	return s->typing->blocks->size[n] >= ARENA_SIZE_MIN && node_is_object(s->heap, n) &&
	       s->typing->blocks->addr[n] % 8 == 0 &&
	       (type_is_open(type) || vtable_is_single(type));
}

static void add_hit(struct slabs *s, node_id n, uint64_t offset, uint32_t type)
{
	s->hits = array_grow(s->hits, s->nr, &s->room, sizeof(*s->hits));
	s->hits[s->nr++] = (struct hit){ .offset = offset, .block = n, .type = type };
}

static void find_hits(struct slabs *s, node_id n)
{
	const struct dump *d = s->heap->dump;
	const uint8_t *bytes = dump_block_bytes(d, n);
	uint64_t start, end;

	for (uint64_t from = 0; bytes && dump_next_contents(d, n, from, &start, &end); from = end) {
		for (uint64_t at = start / 8 * 8; at + 8 <= end; at += 8) {
			uint64_t word;
			uint32_t type;

			memcpy(&word, bytes + at, sizeof(word));
			type = word && word % 8 == 0 ? vtable_get_type(s->typing, word)
						     : TYPE_UNSURE;
			if (type != TYPE_UNSURE)
				add_hit(s, n, at, type);
		}
	}
}

/* Is what lies at every hit also there `period` bytes further on? */
static bool repeats(const struct hit *hits, size_t nr, uint64_t period)
{
	size_t k = 0;

	for (size_t i = 0; i < nr && hits[i].offset + period <= hits[nr - 1].offset; i++) {
		while (hits[k].offset < hits[i].offset + period)
			k++;
		if (hits[k].offset != hits[i].offset + period || hits[k].type != hits[i].type)
			return false;
	}
	return true;
}

/* An array of objects, or of something that has some. */
static bool is_periodic(const struct hit *hits, size_t nr)
{
	for (size_t i = 1; i < nr && i <= PERIODS_MAX; i++) {
		const uint64_t period = hits[i].offset - hits[0].offset;

		if (hits[i].type == hits[0].type &&
		    hits[nr - 1].offset - hits[0].offset >= period * 2 && repeats(hits, nr, period))
			return true;
	}
	return false;
}

/* Of one type, at multiples of one distance. */
static bool is_uniform(const struct hit *hits, size_t nr, uint64_t *distance)
{
	*distance = UINT64_MAX;
	for (size_t i = 1; i < nr; i++) {
		const uint64_t gap = hits[i].offset - hits[i - 1].offset;

		if (gap < *distance)
			*distance = gap;
	}
	for (size_t i = 1; i < nr; i++) {
		if (hits[i].type != hits[0].type || (hits[i].offset - hits[0].offset) % *distance)
			return false;
	}
	return true;
}

/*
 * A slab for objects of one class: some slots are free, or a header comes first, or it is malloc's:
 * arrays of C++ come from operator new.
 */
static bool is_slotted(const struct slabs *s, const struct hit *hits, size_t nr)
{
	uint64_t distance;

	if (!is_uniform(hits, nr, &distance))
		return false;
	return hits[0].offset || hits[nr - 1].offset - hits[0].offset != (nr - 1) * distance ||
	       (s->typing->blocks->kind[hits[0].block] != HC_KIND_NEW &&
		s->typing->blocks->kind[hits[0].block] != HC_KIND_NEW_ARRAY);
}

/* Does what the block begins with lie in it again? */
static bool contains_itself(const struct hit *hits, size_t nr)
{
	for (size_t i = 1; i < nr && !hits[0].offset; i++) {
		if (hits[i].type == hits[0].type)
			return true;
	}
	return false;
}

static bool same_layout(const struct hit *a, size_t nr_a, const struct hit *b, size_t nr_b)
{
	for (size_t i = 0; i < nr_a && i < nr_b && i < LAYOUT_WORDS_MAX; i++) {
		if (a[i].offset != b[i].offset || a[i].type != b[i].type)
			return false;
	}
	return true;
}

static size_t count_hits(const struct slabs *s, size_t first)
{
	size_t nr = 1;

	while (first + nr < s->nr && s->hits[first + nr].block == s->hits[first].block)
		nr++;
	return nr;
}

/* Of the blocks of a site and size that have many vtables inside. */
struct group {
	size_t first; /* hit */
	bool differ;  /* they are laid out differently */
};

static struct group *get_group(const struct slabs *s, struct map *groups, size_t first)
{
	const struct dump_blocks *b = s->typing->blocks;
	const node_id n = s->hits[first].block;
	uint64_t *slot = map_find_or_insert(groups, b->stack[n], b->size[n]);

	if (*slot == MAP_EMPTY) {
		struct group *g = xmalloc(sizeof(*g));

		*slot = (uintptr_t)g;
		*g = (struct group){ first, false };
	}
	return (struct group *)(uintptr_t)*slot;
}

static void group_blocks(const struct slabs *s, struct map *groups)
{
	for (size_t i = 0, nr; i < s->nr; i += nr) {
		nr = count_hits(s, i);

		struct group *g = get_group(s, groups, i);

		if (!same_layout(s->hits + i, nr, s->hits + g->first, count_hits(s, g->first)))
			g->differ = true;
	}
}

static bool is_irregular(const struct slabs *s, const struct hit *hits, size_t nr,
			 const struct group *g)
{
	if (!arena_is_round(s->typing->blocks->size[hits[0].block]))
		return false;
	if (is_slotted(s, hits, nr))
		return true;
	if (is_periodic(hits, nr))
		return false;
	return g->differ || contains_itself(hits, nr) || (hits[0].offset && nr >= OBJECTS_MANY);
}

/* Only the hits of what may be an arena stay. */
static void keep_irregular(struct slabs *s)
{
	struct map groups = { 0 };
	size_t kept = 0;

	group_blocks(s, &groups);
	for (size_t i = 0, nr; i < s->nr; i += nr) {
		nr = count_hits(s, i);
		if (!is_irregular(s, s->hits + i, nr, get_group(s, &groups, i)))
			continue;
		memmove(s->hits + kept, s->hits + i, nr * sizeof(*s->hits));
		kept += nr;
	}
	s->nr = kept;
	for (size_t i = 0; i < groups.nr_slots; i++) {
		if (groups.slots[i].value != MAP_EMPTY)
			free((void *)(uintptr_t)groups.slots[i].value);
	}
	map_deinit(&groups);
}

static void note_pointer(void *arg, const struct pointed *p)
{
	struct slabs *s = arg;
	size_t low = 0, high = s->nr;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct hit *h = &s->hits[middle];

		if (h->block < p->to || (h->block == p->to && h->offset < p->offset))
			low = middle + 1;
		else
			high = middle;
	}
	if (low < s->nr && s->hits[low].block == p->to && s->hits[low].offset == p->offset)
		s->hits[low].is_pointed = true;
}

/* Does a pointer lead to its start?  A block of its own was led to when it was found. */
static bool is_pointed(const struct slabs *s, const struct hit *h)
{
	const uint64_t addr = s->typing->blocks->addr[h->block] + h->offset;

	return h->is_pointed || dump_find_block(s->heap->dump, addr) != h->block;
}

/* Only the hits of blocks stay in which pointers lead to half of the objects. */
static void keep_pointed(struct slabs *s)
{
	_cleanup_free_ uint8_t *wanted = xcalloc(s->heap->nr_objects + 1ul, sizeof(*wanted));
	size_t kept = 0;

	for (size_t i = 0; i < s->nr; i++)
		wanted[s->hits[i].block] = 1;
	pointed_each(s->heap, wanted, note_pointer, s);
	for (size_t i = 0, nr, nr_pointed; i < s->nr; i += nr) {
		nr = count_hits(s, i);
		nr_pointed = 0;
		for (size_t k = i; k < i + nr; k++)
			nr_pointed += is_pointed(s, &s->hits[k]);
		if (nr_pointed * 2 < nr)
			continue;
		memmove(s->hits + kept, s->hits + i, nr * sizeof(*s->hits));
		kept += nr;
	}
	s->nr = kept;
}

/* What stands before a type's objects, and how far; and behind them. */
struct neighbour {
	uint32_t before, after; /* types; TYPE_UNSURE: various ones */
	uint64_t gap_before, gap_after, gap_least;
	uint64_t nr;
};

static void note_neighbours(const struct slabs *s, struct neighbour *of, size_t i)
{
	const struct hit *h = &s->hits[i];
	const bool has_before = i && h[-1].block == h->block;
	const bool has_after = i + 1 < s->nr && h[1].block == h->block;
	const uint32_t before = has_before ? h[-1].type : TYPE_UNSURE,
		       after = has_after ? h[1].type : TYPE_UNSURE;
	const uint64_t gap_before = has_before ? h->offset - h[-1].offset : 0;
	const uint64_t end = s->typing->blocks->size[h->block];
	const uint64_t gap_after = (has_after ? h[1].offset : end) - h->offset;
	struct neighbour *n = &of[h->type];

	if (!n->nr++) {
		*n = (struct neighbour){ before, after, gap_before, gap_after, gap_after, 1 };
		return;
	}
	if (n->before != before || n->gap_before != gap_before)
		n->before = TYPE_UNSURE;
	if (n->after != after || n->gap_after != gap_after)
		n->after = TYPE_UNSURE;
	if (gap_after < n->gap_least)
		n->gap_least = gap_after;
}

/* Always that far behind the same, as a member is. */
static bool is_member(const struct neighbour *of, uint32_t type)
{
	const struct neighbour *n = &of[type];

	return n->nr > 1 && n->before != TYPE_UNSURE && n->before != type &&
	       of[n->before].after == type;
}

static struct neighbour *find_neighbours(const struct slabs *s)
{
	struct neighbour *of = xcalloc(s->heap->nr_types, sizeof(*of));

	for (size_t i = 0; i < s->nr; i++)
		note_neighbours(s, of, i);
	return of;
}

static void drop_members(struct slabs *s)
{
	_cleanup_free_ struct neighbour *of = find_neighbours(s);
	size_t kept = 0;

	for (size_t i = 0; i < s->nr; i++) {
		if (!is_member(of, s->hits[i].type))
			s->hits[kept++] = s->hits[i];
	}
	s->nr = kept;
}

/* All objects of a class have one size: no more than the least distance to what follows. */
static void add_interiors(struct slabs *s)
{
	_cleanup_free_ struct neighbour *of = find_neighbours(s);
	_cleanup_free_ struct interior *inside = xcalloc(s->nr + 1, sizeof(*inside));

	for (size_t i = 0; i < s->nr; i++) {
		const struct hit *h = &s->hits[i];

		inside[i] = (struct interior){
			.addr = s->typing->blocks->addr[h->block] + h->offset,
			.size = of[h->type].gap_least,
			.arena = h->block,
			.type = h->type,
		};
		heap_add_interior(s->heap, inside[i]);
	}
	arena_name(s->heap, inside, s->nr);
}

void arena_settle(struct typing *t)
{
	struct slabs s = { .typing = t, .heap = t->heap };

	for (node_id n = 0; n < t->heap->nr_objects; n++) {
		const size_t before = s.nr;

		if (is_candidate(&s, n))
			find_hits(&s, n);
		if (s.nr - before < ARENA_OBJECTS_MIN)
			s.nr = before;
	}
	keep_irregular(&s);
	keep_pointed(&s);
	drop_members(&s);
	add_interiors(&s);
	free(s.hits);
}
