/* SPDX-License-Identifier: MIT */
/*
 * A base is a structure that blocks begin with; its family are those that have it first, or begin
 * with its members.  A key is a small number in the base that tells the family apart: of the blocks
 * whose type is known otherwise, those with one value of it are of one type.  Then others with that
 * value are, too; and what has a value of its own is the one of the family that all blocks with the
 * value can be, if there is only one.  All of it is a guess.
 */
#include "typing/native/family.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "typing/native/block.h"
#include "typing/native/debug.h"
#include "typing/native/family_key.h"
#include "typing/native/layout.h"

#define MEMBERS_MAX 64 /* of a family: bits of a word */
#define SAMPLE_MAX  256
#define WRONG_MAX   50 /* one in so many of a value's blocks may be of another type */

/* The blocks with one value of a key. */
struct value {
	const struct ctype *type; /* of those that are known */
	uint32_t nr_right, nr_wrong;
	uint64_t possible; /* members that the others can be */
	uint64_t confirmed;
	uint32_t nr_seen;
};

struct base {
	const struct ctype *type;
	const struct ctype *members[MEMBERS_MAX];
	unsigned int nr_members;
	struct family_key keys[FAMILY_KEYS_MAX];
	unsigned int nr_keys;
	int best;      /* the key that knows most types; -1: none is one */
	uint64_t told; /* members of which some value of that key is known */
};

struct families {
	struct native *native;
	struct map index; /* (base or member, 0) -> index in bases */
	struct base **bases;
	size_t nr, room;
	struct map values; /* (base << 8 | key, value) -> index in items */
	struct value *items;
	size_t nr_items, items_room;
};

static void add_member(void *arg, const struct ctype *holder, uint64_t offset)
{
	struct base *b = arg;

	if (!offset && b->nr_members < MEMBERS_MAX)
		b->members[b->nr_members++] = holder;
}

static void note_derived(void *arg, const struct ctype *holder, uint64_t offset)
{
	bool *is_base = arg;

	(void)holder;
	*is_base |= !offset;
}

/* Only those that link to their own kind are looked for: objects of several kinds in one list. */
static bool is_base(struct native *n, const struct ctype *t)
{
	uint64_t *known = map_find_or_insert(&n->bases, (uintptr_t)t, 0);

	if (*known == MAP_EMPTY) {
		bool derived = false;

		*known = false;
		if (layout_links_to_itself(n, t))
			debug_each_holder(n, t, note_derived, &derived);
		*map_find_or_insert(&n->bases, (uintptr_t)t, 0) = derived;
		return derived;
	}
	return *known;
}

/* Nothing but links: what is kept in memory that is free. */
static bool is_bare_link(struct native *n, const struct ctype *t)
{
	const struct layout *l = layout_get(n, t);

	return l->nr && l->nr * 8 == t->size && layout_links_to_itself(n, t);
}

enum ctype_fit family_find_fit(struct native *n, const struct ctype *t, uint64_t size)
{
	const enum ctype_fit fit = ctype_find_fit(n, t, size);

	return fit == CTYPE_FIT_MANY && ctype_is_record(t) && (is_bare_link(n, t) || is_base(n, t))
		       ? CTYPE_FIT_TAIL
		       : fit;
}

static void add_base(struct families *f, const struct ctype *type)
{
	uint64_t *slot = map_find_or_insert(&f->index, (uintptr_t)type, 0);

	if (*slot != MAP_EMPTY)
		return;
	*slot = f->nr;

	struct base *b = xcalloc(1, sizeof(*b));

	f->bases = array_grow(f->bases, f->nr, &f->room, sizeof(struct base *));
	f->bases[f->nr++] = b;
	b->type = type;
	debug_each_holder(f->native, type, add_member, b);
	b->nr_keys = b->nr_members ? family_find_keys(f->native, type, b->keys) : 0;
	for (unsigned int i = 0; i < b->nr_members; i++) {
		slot = map_find_or_insert(&f->index, (uintptr_t)b->members[i], 0);
		if (*slot == MAP_EMPTY)
			*slot = f->nr - 1;
	}
}

/* Does all that is known of the block say that it begins with its type? */
static bool is_open_prefix(const struct native *n, node_id block)
{
	const struct native_block *b = &n->blocks[block];

	return b->type && belief_is_prefix(b->belief) && block_is_open(n, block);
}

static struct base *find_base(const struct families *f, const struct ctype *type, size_t *index)
{
	const uint64_t found = map_find(&f->index, (uintptr_t)type, 0);

	if (found == MAP_EMPTY)
		return NULL;
	*index = found;
	return f->bases[found];
}

static struct value *get_value(struct families *f, size_t base, unsigned int key, uint64_t number)
{
	uint64_t *slot = map_find_or_insert(&f->values, base << 8 | key, number);

	if (*slot == MAP_EMPTY) {
		*slot = f->nr_items;
		f->items = array_grow(f->items, f->nr_items, &f->items_room, sizeof(*f->items));
		f->items[f->nr_items++] = (struct value){ .possible = UINT64_MAX };
	}
	return &f->items[*slot];
}

static bool fits(struct native *n, const struct ctype *t, uint64_t size)
{
	const struct layout *l = layout_get(n, t);

	switch (ctype_find_fit(n, t, size)) {
	case CTYPE_FIT_EXACT:
		return true;
	case CTYPE_FIT_FLEXIBLE:
		return !l->rest || !l->rest->size || size < l->rest_offset ||
		       !((size - l->rest_offset) % l->rest->size);
	case CTYPE_FIT_MANY:
	case CTYPE_FIT_TAIL:
	case CTYPE_FIT_NONE:
		break;
	}
	return false;
}

/* ---- what is known ---- */

static void learn(struct families *f, node_id block)
{
	struct native *n = f->native;
	const struct native_block *known = &n->blocks[block];
	const uint8_t *bytes = dump_block_bytes(n->heap->dump, block);
	size_t index;

	if (!known->type || known->belief < BELIEF_POINTED || !bytes)
		return;

	const struct base *b = find_base(f, known->type, &index);

	if (!b || b->type == known->type || !fits(n, known->type, block_size(n->heap, block)))
		return;
	for (unsigned int i = 0; i < b->nr_keys; i++) {
		struct value *v = get_value(f, index, i, family_read_key(&b->keys[i], bytes));

		if (!v->type)
			v->type = known->type;
		if (v->type == known->type)
			v->nr_right++;
		else
			v->nr_wrong++;
	}
}

/* Values that several types have make the key none. */
static void choose_keys(struct families *f)
{
	unsigned int *nr_types = xcalloc(f->nr * FAMILY_KEYS_MAX + 1, sizeof(*nr_types));
	bool *is_wrong = xcalloc(f->nr * FAMILY_KEYS_MAX + 1, sizeof(*is_wrong));
	struct map seen = { 0 }; /* (base << 8 | key, type) -> 1 */

	for (size_t i = 0; i < f->values.nr_slots; i++) {
		const struct map_slot *slot = &f->values.slots[i];

		if (slot->value == MAP_EMPTY)
			continue;

		const struct value *v = &f->items[slot->value];
		const size_t at = (slot->a >> 8) * FAMILY_KEYS_MAX + (slot->a & 0xff);
		uint64_t *first = map_find_or_insert(&seen, slot->a, (uintptr_t)v->type);

		is_wrong[at] |= (uint64_t)v->nr_wrong * WRONG_MAX > v->nr_right;
		nr_types[at] += *first == MAP_EMPTY;
		*first = 1;
	}
	for (size_t i = 0; i < f->nr; i++) {
		struct base *b = f->bases[i];
		unsigned int most = 1;

		b->best = -1;
		for (unsigned int k = 0; k < b->nr_keys; k++) {
			const size_t at = i * FAMILY_KEYS_MAX + k;

			if (is_wrong[at] || nr_types[at] <= most)
				continue;
			most = nr_types[at];
			b->best = (int)k;
		}
	}
	map_deinit(&seen);
	free(is_wrong);
	free(nr_types);
}

/* ---- what follows ---- */

static void find_told(struct families *f)
{
	for (size_t i = 0; i < f->values.nr_slots; i++) {
		const struct map_slot *slot = &f->values.slots[i];

		if (slot->value == MAP_EMPTY)
			continue;

		struct base *b = f->bases[slot->a >> 8];

		if (b->best < 0 || (slot->a & 0xff) != (unsigned int)b->best)
			continue;
		for (unsigned int k = 0; k < b->nr_members; k++) {
			if (b->members[k] == f->items[slot->value].type)
				b->told |= 1ull << k;
		}
	}
}

/* A block with a value that no known one has: which members can it be? */
static void narrow(struct native *n, const struct base *b, struct value *v, node_id block)
{
	const uint8_t *bytes = dump_block_bytes(n->heap->dump, block);
	const uint64_t size = block_size(n->heap, block);

	if (!v->nr_seen++)
		v->possible &= ~b->told;
	if (v->nr_seen > SAMPLE_MAX)
		return;
	for (unsigned int i = 0; i < b->nr_members; i++) {
		const uint64_t bit = 1ull << i;

		if (!(v->possible & bit))
			continue;
		switch (fits(n, b->members[i], size)
				? family_compare(n, b->members[i], bytes, size, b->type->size)
				: FAMILY_NO) {
		case FAMILY_NO:
			v->possible &= ~bit;
			break;
		case FAMILY_YES:
			v->confirmed |= bit;
			break;
		case FAMILY_MAYBE:
			break;
		}
	}
}

static struct value *value_of_block(struct families *f, node_id block, struct base **ret,
				    size_t *index)
{
	struct native *n = f->native;
	const uint8_t *bytes = dump_block_bytes(n->heap->dump, block);
	struct base *b = find_base(f, n->blocks[block].type, index);

	*ret = b;
	if (!b || !b->nr_members || !bytes || b->type != n->blocks[block].type)
		return NULL;
	/* Without a key the size has to tell, as if it were one. */
	if (b->best < 0)
		return get_value(f, *index, FAMILY_KEYS_MAX, block_size(n->heap, block));
	return get_value(f, *index, (unsigned int)b->best,
			 family_read_key(&b->keys[b->best], bytes));
}

static const struct ctype *only_member(const struct base *b, const struct value *v)
{
	const uint64_t mask = b->nr_members == 64 ? UINT64_MAX : (1ull << b->nr_members) - 1;
	const uint64_t possible = v->possible & mask;

	if (!possible || possible & (possible - 1) || !(v->confirmed & possible))
		return NULL;
	return b->members[__builtin_ctzll(possible)];
}

static bool apply(struct families *f, node_id block)
{
	struct native *n = f->native;
	struct base *b;
	size_t index;
	const struct value *v = value_of_block(f, block, &b, &index);
	const struct ctype *t = v ? v->type ? v->type : only_member(b, v) : NULL;

	return t && fits(n, t, block_size(n->heap, block)) &&
	       layout_is_plausible(n, t, dump_block_bytes(n->heap->dump, block),
				   block_size(n->heap, block)) &&
	       block_believe(n, block, t, BELIEF_DERIVED, true);
}

static void narrow_all(struct families *f)
{
	for (node_id i = 0; i < f->native->heap->nr_objects; i++) {
		struct base *b;
		size_t index;
		struct value *v;

		if (!is_open_prefix(f->native, i))
			continue;
		v = value_of_block(f, i, &b, &index);
		if (v && !v->type)
			narrow(f->native, b, v, i);
	}
}

bool family_settle(struct native *n)
{
	struct families f = { .native = n };
	bool is_news = false;

	for (node_id i = 0; i < n->heap->nr_objects; i++) {
		if (is_open_prefix(n, i))
			add_base(&f, n->blocks[i].type);
	}
	for (node_id i = 0; f.nr && i < n->heap->nr_objects; i++)
		learn(&f, i);
	choose_keys(&f);
	find_told(&f);
	narrow_all(&f);
	for (node_id i = 0; f.nr && i < n->heap->nr_objects; i++) {
		if (is_open_prefix(n, i))
			is_news |= apply(&f, i);
	}
	for (size_t i = 0; i < f.nr; i++)
		free(f.bases[i]);
	free(f.bases);
	free(f.items);
	map_deinit(&f.index);
	map_deinit(&f.values);
	return is_news;
}
