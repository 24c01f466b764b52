/* SPDX-License-Identifier: MIT */
/*
 * Labels are few; what counts uses has one row a type and word, made when a type is met first.
 */
#include "typing/held_label.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define ARRAY_MIN  64 /* so many fields that lead to untyped blocks are an array ... */
#define ARRAY_PART 3  /* ... if they are a third of the words from the first to the last */
#define USED_WORDS 512
#define SEVERAL	   UINT64_MAX

struct use {
	uint32_t nr; /* objects in which the field is not zero and leads to no module's data */
	uint32_t nr_starts; /* ... but to the start of a block */
};

struct labelled_type {
	uint32_t nr_fields;
	uint64_t first, last; /* offsets of fields */
	uint64_t size;	  /* of the blocks that have this type as their label; 0: none, SEVERAL */
	struct use *uses; /* [USED_WORDS] by offset / 8 */
};

void labels_init(struct labels *l, struct heap *h)
{
	*l = (struct labels){ .heap = h };
	labels_get(l, 0, ANY_FIELD, ""); /* NO_LABEL */
}

void labels_deinit(struct labels *l)
{
	for (size_t i = 0; i < l->nr_types; i++)
		free(l->types[i].uses);
	map_deinit(&l->ids);
	free(l->items);
	free(l->types);
}

static struct labelled_type *get_type(struct labels *l, uint32_t type)
{
	if (type >= l->nr_types) {
		const size_t nr = l->heap->nr_types + 64ul;

		l->types = xrealloc(l->types, nr, sizeof(*l->types));
		memset(l->types + l->nr_types, 0, (nr - l->nr_types) * sizeof(*l->types));
		l->nr_types = nr;
	}
	return &l->types[type];
}

static const struct labelled_type *find_type(const struct labels *l, uint32_t type)
{
	return type < l->nr_types ? &l->types[type] : NULL;
}

static void add_field(struct labelled_type *t, uint64_t offset)
{
	if (!t->nr_fields || offset < t->first)
		t->first = offset;
	if (!t->nr_fields || offset > t->last)
		t->last = offset;
	t->nr_fields++;
}

/* Nobody gives that many members to a class: its table lies in it. */
static bool is_array(const struct labelled_type *t)
{
	return t && t->nr_fields >= ARRAY_MIN &&
	       t->nr_fields * ARRAY_PART >= (t->last - t->first) / 8 + 1;
}

uint32_t labels_get(struct labels *l, uint32_t type, uint64_t offset, const char *relation)
{
	uint64_t *slot = map_find_or_insert(&l->ids, type, (uintptr_t)relation);

	if (*slot != MAP_EMPTY)
		return (uint32_t)*slot;
	l->items = array_grow(l->items, l->nr, &l->room, sizeof(*l->items));
	*slot = l->nr;
	l->items[l->nr++] = (struct label){ type, relation, offset };
	if (offset != ANY_FIELD)
		add_field(get_type(l, type), offset);
	return (uint32_t)l->nr - 1;
}

uint32_t labels_get_element(struct labels *l, uint32_t label)
{
	const struct label of = l->items[label];
	_cleanup_free_ char *relation = xasprintf("%s[*]", of.relation);

	return labels_get(l, of.type, ANY_FIELD, heap_intern_name(l->heap, relation));
}

void labels_count(struct labels *l, uint32_t type, uint64_t offset, const struct field *f)
{
	struct labelled_type *t = get_type(l, type);

	if (offset / 8 >= USED_WORDS)
		return;
	if (!t->uses)
		t->uses = xcalloc(USED_WORDS, sizeof(*t->uses));
	if (f->to == NODE_NONE && dump_find_module(l->heap->dump, f->word) != UINT32_MAX)
		return;
	t->uses[offset / 8].nr++;
	t->uses[offset / 8].nr_starts += f->to != NODE_NONE;
}

bool labels_is_pointer(const struct labels *l, uint32_t label)
{
	const struct label *of = &l->items[label];
	const struct labelled_type *t = find_type(l, of->type);

	if (of->offset / 8 >= USED_WORDS || !t || !t->uses)
		return true;

	const struct use *use = &t->uses[of->offset / 8];

	return use->nr_starts * 4ul >= use->nr * 3ul;
}

uint32_t labels_unite(struct labels *l, uint32_t label)
{
	const struct label of = l->items[label];

	if (of.offset == ANY_FIELD || !is_array(find_type(l, of.type)))
		return label;
	return labels_get(l, of.type, ANY_FIELD, heap_intern_name(l->heap, "[*]"));
}

uint32_t labels_make_type(struct labels *l, uint32_t label, uint64_t size)
{
	const struct label *of = &l->items[label];
	_cleanup_free_ char *name = xasprintf("%s%s", l->heap->types[of->type].name, of->relation);
	const uint32_t type = heap_intern_type(l->heap, name, PROVENANCE_HELD, TYPE_FALLBACK);
	struct labelled_type *t = get_type(l, type);

	t->size = !t->size || t->size == size ? size : SEVERAL;
	return type;
}

bool labels_is_of_arrays(const struct labels *l, uint32_t type)
{
	const struct labelled_type *t = find_type(l, type);

	return t && t->size == SEVERAL;
}
