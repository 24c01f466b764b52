/* SPDX-License-Identifier: MIT */
/*
 * Blocks of one site and size are looked at together: what half of those that have anything known
 * inside have at the same place, they are taken to be made for.  Blocks in which objects lie
 * anywhere are pools, and stay what they are.
 */
#include "typing/native/inner.h"

#include <stdlib.h>

#include "base/mem.h"
#include "typing/native/block.h"
#include "typing/native/debug.h"
#include "typing/native/layout.h"

#define SPOTS_MAX	 24 /* of a group; more: a pool */
#define MEMBERS_MAX	 8  /* objects of one block */
#define BLOCKS_MIN	 4  /* that are alike, and full of them */
#define BLOCKS_MANY	 32 /* that are alike */
#define HOLDER_DEPTH_MAX 3  /* structures in structures */
#define NESTING_MAX	 16 /* members in members */
#define CANDIDATES_MAX	 4096

bool inner_is_told(struct native *n, node_id block, uint64_t offset)
{
	const struct ctype *t = n->blocks[block].type;

	if (!t || n->blocks[block].belief <= BELIEF_BYTES)
		return false;
	switch (block_find_fit(n, block)) {
	case CTYPE_FIT_EXACT:
	case CTYPE_FIT_MANY:
	case CTYPE_FIT_FLEXIBLE:
		return true;
	case CTYPE_FIT_TAIL:
		return offset < t->size;
	case CTYPE_FIT_NONE:
		break;
	}
	return false;
}

bool inner_add(struct native *n, node_id block, uint64_t offset, const struct ctype *type)
{
	const uint64_t size = block_size(n->heap, block);
	const uint8_t *bytes = dump_block_bytes(n->heap->dump, block);

	if (!ctype_is_record(type) || !type->size || offset % 8 || type->size > size - offset ||
	    !bytes || n->blocks[block].conflict || inner_is_told(n, block, offset))
		return false;

	uint64_t *slot = map_find_or_insert(
		&n->inner_index, dump_blocks(n->heap->dump)->addr[block] + offset, (uintptr_t)type);

	if (*slot != MAP_EMPTY)
		return false;
	*slot = 1;
	if (!layout_is_plausible(n, type, bytes + offset, type->size))
		return false;
	n->inners = array_grow(n->inners, n->nr_inners, &n->inners_room, sizeof(*n->inners));
	n->inners[n->nr_inners++] = (struct native_inner){ block, offset, type };
	return true;
}

void inner_forget_all(struct native *n)
{
	n->nr_inners = 0;
	map_deinit(&n->inner_index);
}

/* ---- what the blocks are ---- */

struct spot {
	uint64_t offset;
	const struct ctype *type;
	uint32_t nr; /* blocks that have it */
};

/* Blocks that nothing else is known of. */
struct group {
	struct spot spots[SPOTS_MAX];
	unsigned int nr_spots;
	bool is_pool;
	node_id last;		  /* of its blocks that was counted */
	uint32_t nr;		  /* blocks with something in them */
	const struct ctype *type; /* what they are; NULL: nobody knows */
	bool is_made;		  /* of nothing but the objects inside */
};

/* Of the blocks of one stack and size, those whose first object inside is at that offset. */
static struct group *get_group(struct native *n, struct map *groups,
			       const struct native_inner *first)
{
	const struct dump_blocks *b = dump_blocks(n->heap->dump);
	uint64_t *slot = map_find_or_insert(
		groups, (uint64_t)b->stack[first->block] << 32 | (uint32_t)first->offset,
		b->size[first->block]);

	if (*slot == MAP_EMPTY)
		*slot = (uintptr_t)native_alloc(n, 1, sizeof(struct group));
	return (struct group *)(uintptr_t)*slot;
}

static void count(struct group *g, const struct native_inner *inner)
{
	for (unsigned int i = 0; i < g->nr_spots; i++) {
		if (g->spots[i].offset == inner->offset && g->spots[i].type == inner->type) {
			g->spots[i].nr++;
			return;
		}
	}
	if (g->nr_spots == SPOTS_MAX)
		g->is_pool = true;
	else
		g->spots[g->nr_spots++] = (struct spot){ inner->offset, inner->type, 1 };
}

static int compare_spots(const void *a, const void *b)
{
	const struct spot *x = a, *y = b;

	return x->offset != y->offset
		       ? (x->offset > y->offset) - (x->offset < y->offset)
		       : (x->type->size < y->type->size) - (x->type->size > y->type->size);
}

/* Spots that half of the blocks have, none in another. */
static unsigned int choose_spots(struct group *g, struct spot *chosen)
{
	unsigned int nr = 0;
	uint64_t end = 0;

	qsort(g->spots, g->nr_spots, sizeof(*g->spots), compare_spots);
	for (unsigned int i = 0; i < g->nr_spots && nr < MEMBERS_MAX; i++) {
		const struct spot *p = &g->spots[i];

		if (p->nr * 2 < g->nr || p->offset < end)
			continue;
		end = p->offset + p->type->size;
		chosen[nr++] = *p;
	}
	return nr;
}

/* ---- the structure that has them ---- */

struct candidates {
	struct native *native;
	const struct spot *spots;
	unsigned int nr_spots;
	uint64_t size;
	uint64_t offset; /* of the first of the spots in what is considered */
	int depth;
	const struct ctype *found;
	unsigned int nr;
	unsigned int nr_seen; /* CANDIDATES_MAX: too many to tell */
};

/* Has t an object of that type, or derived from it, right there, in whatever depth? */
static bool has_at(struct native *n, const struct ctype *t, const struct spot *spot)
{
	uint64_t offset = spot->offset;

	for (int depth = 0; t && depth < NESTING_MAX; depth++) {
		t = ctype_complete(n, t);
		if (!offset && (t == spot->type || ctype_extends(n, t, spot->type)))
			return true;
		t = ctype_step_into(t, &offset);
	}
	return false;
}

static void consider(void *arg, const struct ctype *holder, uint64_t offset)
{
	struct candidates *c = arg;

	if (c->nr > 1 || c->nr_seen == CANDIDATES_MAX)
		return;
	c->nr_seen++;
	holder = ctype_complete(c->native, holder);
	if (holder == c->found)
		return;
	if (holder->size < c->size && c->depth < HOLDER_DEPTH_MAX) {
		c->depth++;
		c->offset += offset;
		if (c->offset <= c->spots[0].offset)
			debug_each_holder(c->native, holder, consider, c);
		c->offset -= offset;
		c->depth--;
	}
	if (holder->size != c->size || c->offset + offset != c->spots[0].offset)
		return;
	for (unsigned int i = 0; i < c->nr_spots; i++) {
		if (!has_at(c->native, holder, &c->spots[i]))
			return;
	}
	c->found = holder;
	c->nr++;
}

static const struct ctype *find_holder(struct native *n, const struct spot *spots, unsigned int nr,
				       uint64_t size)
{
	struct candidates c = { .native = n, .spots = spots, .nr_spots = nr, .size = size };

	debug_each_holder(n, spots[0].type, consider, &c);
	return c.nr == 1 && c.nr_seen < CANDIDATES_MAX ? c.found : NULL;
}

/* "4096 bytes + struct PgHdr1". */
static const struct ctype *make_type(struct native *n, const struct spot *spots, unsigned int nr,
				     uint64_t size)
{
	struct ctype *t = native_alloc(n, 1, sizeof(*t));
	struct ctype_member *members = native_alloc(n, nr, sizeof(*members));
	_cleanup_free_ char *name =
		xasprintf("%lu bytes + %s", spots[0].offset, spots[0].type->name);

	for (unsigned int i = 0; i < nr; i++)
		members[i] = (struct ctype_member){ .name = heap_intern_name(n->heap, ""),
						    .type = spots[i].type,
						    .offset = spots[i].offset };
	t->kind = CTYPE_STRUCT;
	t->name = heap_intern_name(n->heap, name);
	t->size = size;
	t->is_complete = true;
	t->members = members;
	t->nr_members = nr;
	return t;
}

/* Objects that happen to lie in a buffer are no reason to call it by them. */
static bool is_made_for(const struct spot *spots, unsigned int nr, const struct group *g,
			uint64_t size)
{
	uint64_t known = 0;

	for (unsigned int i = 0; i < nr; i++)
		known += spots[i].type->size;
	return g->nr >= BLOCKS_MANY || (g->nr >= BLOCKS_MIN && known * 2 >= size - spots[0].offset);
}

static void decide(struct native *n, struct group *g, uint64_t size)
{
	struct spot chosen[MEMBERS_MAX];
	const unsigned int nr = g->is_pool ? 0 : choose_spots(g, chosen);

	if (!nr)
		return;
	g->type = find_holder(n, chosen, nr, size);
	if (g->type || !is_made_for(chosen, nr, g, size))
		return;
	g->type = make_type(n, chosen, nr, size);
	g->is_made = true;
}

static bool is_unknown(const struct native *n, node_id block)
{
	return block_is_open(n, block) && !n->blocks[block].conflict &&
	       n->blocks[block].belief <= BELIEF_BYTES;
}

static int compare_inners(const void *a, const void *b)
{
	const struct native_inner *x = a, *y = b;

	return x->block != y->block ? (x->block > y->block) - (x->block < y->block)
				    : (x->offset > y->offset) - (x->offset < y->offset);
}

/* The objects inside of one block. */
struct run {
	const struct native_inner *inners;
	size_t nr;
	struct group *group;
};

/* The next block's, of those that nothing else is known of.  False: there are no more. */
static bool next_run(struct native *n, struct map *groups, size_t *at, struct run *run)
{
	while (*at < n->nr_inners) {
		const struct native_inner *first = &n->inners[*at];
		const size_t start = *at;

		while (*at < n->nr_inners && n->inners[*at].block == first->block)
			++*at;
		if (!is_unknown(n, first->block))
			continue;
		*run = (struct run){ first, *at - start, get_group(n, groups, first) };
		return true;
	}
	return false;
}

/* Is it where the type tells nothing, or does it only say more or less of what it tells? */
static bool is_beside(struct native *n, const struct ctype *made, const struct spot *spot)
{
	for (uint32_t i = 0; i < made->nr_members; i++) {
		const struct ctype_member *m = &made->members[i];

		if (m->offset < spot->offset + spot->type->size &&
		    spot->offset < m->offset + m->type->size)
			return m->offset == spot->offset &&
			       ctype_begins_with(n, spot->type, m->type);
	}
	return true;
}

/* Can the block be what its group is, with all that is in it? */
static bool agrees(struct native *n, const struct run *run)
{
	const node_id block = run->inners->block;
	const struct ctype *type = run->group->type;

	for (size_t i = 0; type && i < run->nr; i++) {
		const struct spot spot = { run->inners[i].offset, run->inners[i].type, 1 };

		if (!has_at(n, type, &spot) && !(run->group->is_made && is_beside(n, type, &spot)))
			return false;
	}
	return type && layout_is_plausible(n, type, dump_block_bytes(n->heap->dump, block),
					   block_size(n->heap, block));
}

bool inner_settle(struct native *n)
{
	struct map groups = { 0 }; /* (stack << 32 | offset, size) -> struct group * */
	struct run run;
	bool is_news = false;

	if (n->nr_inners)
		qsort(n->inners, n->nr_inners, sizeof(*n->inners), compare_inners);
	for (size_t at = 0; next_run(n, &groups, &at, &run);) {
		run.group->nr++;
		for (size_t i = 0; i < run.nr; i++)
			count(run.group, &run.inners[i]);
	}
	for (size_t i = 0; i < groups.nr_slots; i++) {
		if (groups.slots[i].value != MAP_EMPTY)
			decide(n, (struct group *)(uintptr_t)groups.slots[i].value,
			       groups.slots[i].b);
	}
	for (size_t at = 0; next_run(n, &groups, &at, &run);) {
		if (agrees(n, &run))
			is_news |= block_believe(n, run.inners->block, run.group->type,
						 BELIEF_DERIVED, true);
	}
	map_deinit(&groups);
	return is_news;
}
