/* SPDX-License-Identifier: MIT */
/*
 * Names of what dicts hold: ["key"], .keys()[0]; and of attributes, which are the values of a dict
 * even where CPython has not made one: Guppy, which asks for __dict__, would find it there.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "heap/private.h"
#include "typing/cpython/names.h"
#include "typing/cpython/value.h"

#define ENTRIES_MAX (1u << 28)

const char *cpython_value_name(struct cpython *p, uint64_t key)
{
	uint64_t *cached = map_find_or_insert(&p->names->values, key, 0);

	if (*cached == MAP_EMPTY) {
		_cleanup_free_ char *text = cpython_repr(p, key, CPYTHON_REPR_MAX);

		*cached = (uintptr_t)intern_format(p->heap->private->names, "[%s]", text);
	}
	return (const char *)(uintptr_t)*cached;
}

/* rank[i]: how many entries before entry i are in use. */
static const uint32_t *make_ranks(struct cpython *p, uint64_t dict, uint64_t nr)
{
	uint32_t *rank = xcalloc(nr + 1, sizeof(*rank));
	struct cpython_items items;
	uint32_t in_use = 0;

	for (cpython_dict_open(p, dict, &items); cpython_items_next(&items);)
		if (items.index < nr)
			rank[items.index] = in_use++;
	return rank;
}

static const char *key_name(struct cpython *p, uint64_t dict, const struct cpython_items *items,
			    uint64_t index)
{
	uint64_t rank = index;

	if (dict && cpython_word(p, dict + CPYTHON_MA_USED) != items->nr &&
	    items->nr < ENTRIES_MAX) {
		uint64_t *cached = map_find_or_insert(&p->names->ranks, items->keys, 0);

		if (*cached == MAP_EMPTY)
			*cached = (uintptr_t)make_ranks(p, dict, items->nr);
		rank = ((const uint32_t *)(uintptr_t)*cached)[index];
	}
	return intern_format(p->heap->private->names, ".keys()[%lu]", rank);
}

/* Up to 3.10 a dict has the general function for looking up once a key was no str. */
#define DK_LOOKUP 16u
#define NO_LOOKUP 1u /* there is no such dict */

static uint64_t find_general_lookup(const struct cpython *p)
{
	const struct heap *h = p->heap;

	for (node_id n = 0; n < h->nr_objects; n++) {
		const struct cpython_class *c = cpython_class_of(p, n);
		struct cpython_items items;

		if (!c || c->shape != CPYTHON_SHAPE_DICT)
			continue;
		cpython_dict_open(p, object_addr(h, n), &items);
		if (!cpython_items_next(&items))
			continue;
		c = cpython_class_at(p, items.key);
		if (c && c->shape != CPYTHON_SHAPE_STR)
			return cpython_word(p, items.keys + DK_LOOKUP);
	}
	return NO_LOOKUP;
}

bool cpython_has_str_keys(struct cpython *p, const struct cpython_items *items)
{
	if (p->version->has_log2_size)
		return !items->key_offset;
	if (!p->names->general_lookup)
		p->names->general_lookup = find_general_lookup(p);
	return cpython_word(p, items->keys + DK_LOOKUP) != p->names->general_lookup;
}

/* Names of attributes are keys of thousands of dicts and classes, which tells nothing; Python's
 * collector does not visit them, so Guppy does not show them. */
static bool is_silent_key(struct cpython *p, const struct cpython_items *items, uint64_t index)
{
	return cpython_has_str_keys(p, items) &&
	       cpython_is_interned(p, cpython_word(p, items->entries + index * items->stride +
							      items->key_offset));
}

/* The word at addr, if it is one of the entries. */
static const char *entry_word(struct cpython *p, uint64_t dict, const struct cpython_items *items,
			      uint64_t addr)
{
	if (!items->keys || addr < items->entries)
		return NULL;

	const uint64_t index = (addr - items->entries) / items->stride;
	const uint64_t part = (addr - items->entries) % items->stride;

	if (index >= items->nr)
		return NULL;
	if (part == items->key_offset)
		return is_silent_key(p, items, index) ? heap_intern_name(p->heap, "")
						      : key_name(p, dict, items, index);
	if (part == items->key_offset + 8)
		return cpython_value_name(p,
					  cpython_word(p, items->entries + index * items->stride +
								  items->key_offset));
	return NULL;
}

const char *cpython_dict_word(struct cpython *p, uint64_t dict, uint64_t addr)
{
	struct cpython_items items;

	/* Every name is in there, which tells nothing of it. */
	if (p->interned != NODE_NONE && dict == object_addr(p->heap, p->interned))
		return heap_intern_name(p->heap, "");

	cpython_dict_open(p, dict, &items);
	if (items.values && addr >= items.values && addr < items.values + items.nr * 8)
		return cpython_attribute_word(p, items.keys, items.values, addr);
	return entry_word(p, dict, &items, addr);
}

const char *cpython_shared_key_word(struct cpython *p, uint64_t keys, uint64_t addr)
{
	struct cpython_items items;

	cpython_keys_open(p, keys, 0, &items);
	return entry_word(p, 0, &items, addr);
}

const char *cpython_attribute_word(struct cpython *p, uint64_t keys, uint64_t values, uint64_t addr)
{
	struct cpython_items items;

	if (!keys || addr < values)
		return NULL;
	cpython_keys_open(p, keys, values, &items);

	const uint64_t index = (addr - values) / 8;

	if (index >= items.nr)
		return NULL;
	return cpython_value_name(
		p, cpython_word(p, items.entries + index * items.stride + items.key_offset));
}
