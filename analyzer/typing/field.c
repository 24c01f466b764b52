/* SPDX-License-Identifier: MIT */
/*
 * One pass over the words of a block or root; the part at hand ends where its class's size says.
 */
#include "typing/field.h"

#include <string.h>

#include "base/mem.h"
#include "typing/container/container.h"

struct walk {
	struct fields *fields;
	node_id from;
	uint32_t type; /* of from; of a root TYPE_UNSURE */
	uint32_t part;
	uint64_t part_start, part_end;
	field_fn *fn;
	void *arg;
};

static bool is_class(const struct type *type)
{
	return (type->provenance == PROVENANCE_VTABLE_RTTI ||
		type->provenance == PROVENANCE_VTABLE_SYMBOL ||
		type->provenance == PROVENANCE_VTABLE_SHAPE) &&
	       !strstr(type->name, "[]");
}

static void add_class(struct fields *s, node_id n)
{
	const struct heap *h = s->typing->heap;
	const uint64_t size = block_size(h, n);
	uint64_t *slot = map_find_or_insert(&s->class_sizes, h->type[n], 0);
	uint64_t vtable;

	*slot = *slot == MAP_EMPTY || *slot == size ? size : 0;
	memcpy(&vtable, dump_block_bytes(h->dump, n), sizeof(vtable));
	if (vtable < s->vtables_low)
		s->vtables_low = vtable;
	if (vtable >= s->vtables_high)
		s->vtables_high = vtable + 1;
}

void fields_init(struct fields *s, struct typing *t)
{
	const struct heap *h = t->heap;

	*s = (struct fields){ .typing = t, .vtables_low = UINT64_MAX };
	if (h->nr_objects)
		s->low = t->blocks->addr[0];
	for (node_id n = 0; n < h->nr_objects; n++) {
		const uint64_t size = t->blocks->size[n];

		if (t->blocks->addr[n] + size >= s->high)
			s->high = t->blocks->addr[n] + size + 1;
		if (is_class(object_type(h, n)))
			add_class(s, n);
	}
}

void fields_deinit(struct fields *s)
{
	map_deinit(&s->class_sizes);
}

node_id fields_find_target(const struct fields *s, uint64_t word)
{
	const struct heap *h = s->typing->heap;

	if (word - s->low >= s->high - s->low)
		return NODE_NONE;

	const uint32_t to = dump_find_block(h->dump, word);

	return to != UINT32_MAX && word == object_addr(h, to) && node_is_object(h, to) ? to
										       : NODE_NONE;
}

/* A vtable of a class whose size is known begins a part. */
static void begin_part(struct walk *w, uint64_t offset, uint64_t word)
{
	const struct fields *s = w->fields;

	if (word < s->vtables_low || word >= s->vtables_high)
		return;

	const uint32_t type = vtable_find_type(s->typing, word);
	const uint64_t size = type == TYPE_UNSURE ? MAP_EMPTY : map_find(&s->class_sizes, type, 0);

	if (size == MAP_EMPTY || !size || (type == w->type && !offset))
		return;
	w->part = type;
	w->part_start = offset;
	w->part_end = offset + size;
}

static void walk_word(struct walk *w, uint64_t offset, uint64_t word)
{
	const node_id to = fields_find_target(w->fields, word);
	struct field f = { w->from, to, word, offset, TYPE_UNSURE, 0 };

	if (to == NODE_NONE)
		begin_part(w, offset, word);
	if (w->part != TYPE_UNSURE && offset < w->part_end) {
		f.part = w->part;
		f.part_offset = offset - w->part_start;
	}
	w->fn(w->arg, &f);
}

static void walk_words(struct walk *w, const uint8_t *bytes, uint64_t start, uint64_t end)
{
	for (uint64_t offset = (start + 7) / 8 * 8; offset + 8 <= end; offset += 8) {
		uint64_t word;

		memcpy(&word, bytes + offset, sizeof(word));
		if (word)
			walk_word(w, offset, word);
	}
}

void fields_each_of_block(struct fields *s, node_id n, field_fn *fn, void *arg)
{
	const struct heap *h = s->typing->heap;
	const uint8_t *bytes = dump_block_bytes(h->dump, n);
	const struct container_part *used = container_find_part(h, n);
	const uint64_t limit = used ? used->end : UINT64_MAX; /* room has stale words */
	struct walk w = { .fields = s,
			  .from = n,
			  .type = h->type[n],
			  .part = TYPE_UNSURE,
			  .fn = fn,
			  .arg = arg };
	uint64_t start, end;

	for (uint64_t from = 0; bytes && dump_next_contents(h->dump, n, from, &start, &end);
	     from = end)
		walk_words(&w, bytes, start / 8 * 8, end < limit ? end : limit);
}

void fields_each_of_roots(struct fields *s, field_fn *fn, void *arg)
{
	const struct heap *h = s->typing->heap;

	for (uint32_t i = 0; i < h->nr_roots; i++) {
		const struct root *r = &h->roots[i];
		struct walk w = { .fields = s,
				  .from = h->nr_objects + i,
				  .type = TYPE_UNSURE,
				  .part = TYPE_UNSURE,
				  .fn = fn,
				  .arg = arg };

		if (r->kind == ROOT_GLOBAL)
			walk_words(&w, r->bytes, 0, r->size);
	}
}
