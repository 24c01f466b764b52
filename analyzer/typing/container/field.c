/* SPDX-License-Identifier: MIT */
/*
 * Fields in which vectors leave their words behind: of a std::optional that was reset, or of a
 * variant or union that holds something else by now.  All blocks of one site and size have the same
 * fields.  If in one of them there are three such words that lead to memory which is nobody's, or
 * of another size by now, then the same words of others may be as stale, although by chance a block
 * of that size lies there again.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "typing/container/shape.h"

#define ROOM_MAX (1ull << 40)
#define NO_FIELD UINT32_MAX

struct field {
	uint64_t offset;
	uint32_t next; /* of the same blocks; NO_FIELD: none */
	bool is_left;
};

struct fields {
	struct map first;    /* (stack, size) -> index of the first of its fields */
	struct map at;	     /* (stack << 32 | word, size) -> index */
	struct field *items; /* [nr] */
	size_t nr, room;
};

static uint64_t *find_slot(struct fields *f, const struct containers *c, node_id n, uint64_t offset)
{
	return map_find_or_insert(&f->at,
				  (uint64_t)c->blocks->stack[n] << 32 | (uint32_t)(offset / 8),
				  c->blocks->size[n]);
}

static bool has_fields(const struct containers *c, const struct proposal *p)
{
	return !p->is_passing && p->part.role == CONTAINER_ITEMS &&
	       !node_is_root(c->heap, p->part.holder);
}

static void add_field(struct fields *f, const struct containers *c, const struct proposal *p)
{
	const node_id n = p->part.holder;
	uint64_t *slot = find_slot(f, c, n, p->part.offset);

	if (*slot != MAP_EMPTY)
		return;
	*slot = f->nr;

	uint64_t *first = map_find_or_insert(&f->first, c->blocks->stack[n], c->blocks->size[n]);

	f->items = array_grow(f->items, f->nr, &f->room, sizeof(*f->items));
	f->items[f->nr] = (struct field){
		.offset = p->part.offset,
		.next = *first == MAP_EMPTY ? NO_FIELD : (uint32_t)*first,
	};
	*first = f->nr++;
}

/* Begin, end and end of room of memory that is no vector's any more. */
static bool is_left(const struct containers *c, const uint8_t *words, uint64_t low, uint64_t high)
{
	const uint64_t begin = load_word(words, 0);
	const uint64_t used = load_word(words, 8) - begin, room = load_word(words, 16) - begin;

	if (begin < low || begin > high || begin % 8 || !room || room > ROOM_MAX || used > room)
		return false;

	const node_id n = shape_find_new(c, begin);

	return n == NODE_NONE || c->blocks->size[n] != room;
}

static void look_at_block(struct fields *f, const struct containers *c, node_id n, uint64_t low,
			  uint64_t high)
{
	const uint64_t first = map_find(&f->first, c->blocks->stack[n], c->blocks->size[n]);
	const uint8_t *bytes = first == MAP_EMPTY ? NULL : dump_block_bytes(c->heap->dump, n);
	uint32_t i = bytes ? (uint32_t)first : NO_FIELD;

	for (; i != NO_FIELD; i = f->items[i].next) {
		struct field *field = &f->items[i];

		if (!field->is_left && !shape_is_room(c, n, field->offset))
			field->is_left = is_left(c, bytes + field->offset, low, high);
	}
}

void shape_doubt_left_fields(struct containers *c, uint64_t low, uint64_t high)
{
	struct fields f = { 0 };

	for (size_t i = 0; i < c->nr_proposals; i++) {
		if (has_fields(c, &c->proposals[i]))
			add_field(&f, c, &c->proposals[i]);
	}
	for (node_id n = 0; f.nr && n < c->heap->nr_objects; n++)
		look_at_block(&f, c, n, low, high);
	for (size_t i = 0; i < c->nr_proposals; i++) {
		struct proposal *p = &c->proposals[i];

		if (has_fields(c, p))
			p->is_doubtful =
				f.items[*find_slot(&f, c, p->part.holder, p->part.offset)].is_left;
	}
	map_deinit(&f.first);
	map_deinit(&f.at);
	free(f.items);
}
