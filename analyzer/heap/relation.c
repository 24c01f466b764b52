/* SPDX-License-Identifier: MIT */
/*
 * Names of relations.  Tens of millions of edges share a few thousand names, so both kinds of
 * source go through a cache: an untyped block's name depends on the offset and the distance into
 * the target only, a root's on the word.
 */
#include <string.h>

#include "heap/heap.h"
#include "heap/private.h"
#include "heap/root.h"

/* Beyond this many bytes an untyped block is a table or an arena: its words, and the places in it,
 * are elements, "[*]", unless the exact index is asked for. */
#define TABLE_BYTES 1024
#define SOMEWHERE   (UINT64_MAX - 1)

static uint64_t source_word(const struct heap *h, node_id from, uint64_t offset)
{
	const uint8_t *bytes = node_is_root(h, from) ? h->roots[from - h->nr_objects].bytes
						     : dump_block_bytes(h->dump, from);
	uint64_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

/* Without types nobody knows what is inside, so a row for each place would say nothing. */
static bool is_table(const struct heap *h, node_id n)
{
	return !h->private->options.exact_index && object_type(h, n)->flags & TYPE_FALLBACK &&
	       block_size(h, n) > TABLE_BYTES;
}

/* How far into the target the edge points; 0 at its start, SOMEWHERE inside a table. */
static uint64_t edge_distance(const struct heap *h, node_id from, uint32_t offset, node_id to)
{
	uint64_t distance;

	if (!(offset & EDGE_INTERIOR))
		return 0;
	if (is_table(h, to))
		return SOMEWHERE;
	distance = source_word(h, from, EDGE_OFFSET(offset)) - dump_blocks(h->dump)->addr[to];
	if (distance >= block_size(h, to))
		return SOMEWHERE; /* in a block that counts for it */
	distance -= h->head[to];
	/* The lowest bit of a pointer to a Python object is a mark. */
	return distance == 1 && object_type(h, to)->provenance == PROVENANCE_CPYTHON ? 0 : distance;
}

static const char *with_distance(struct heap *h, const char *name, uint64_t distance)
{
	if (!distance)
		return name;
	if (distance == SOMEWHERE)
		return intern_format(h->private->names, "%s@[*]", name);
	return intern_format(h->private->names, "%s@+0x%lx", name, distance);
}

/* offset SOMEWHERE: an element of a table or array, no matter which. */
static const char *name_block_word(struct heap *h, bool is_array, uint64_t offset,
				   uint64_t distance)
{
	struct intern *names = h->private->names;

	if (offset == SOMEWHERE)
		return with_distance(h, intern_string(names, "[*]"), distance);
	if (is_array)
		return with_distance(h, intern_format(names, "[%lu]", offset / 8), distance);
	return with_distance(h, intern_format(names, ".+0x%lx", offset), distance);
}

/* What RELN calls the word; NULL where it says nothing. */
static const char *given_name(const struct heap *h, node_id from, uint64_t offset)
{
	const uint64_t addr = dump_blocks(h->dump)->addr[from];
	size_t nr, low = 0, high;
	const struct hc_relation *relations = dump_relations(h->dump, &nr);

	for (high = nr; low < high;) {
		const size_t middle = low + (high - low) / 2;
		const struct hc_relation *r = &relations[middle];

		if (r->addr < addr || (r->addr == addr && r->offset < offset))
			low = middle + 1;
		else
			high = middle;
	}
	if (low == nr || relations[low].addr != addr || relations[low].offset != offset)
		return NULL;
	return intern_string(h->private->names,
			     dump_get_string(h->dump, relations[low].text).bytes);
}

static const char *block_relation(struct heap *h, node_id from, uint64_t offset, uint64_t distance,
				  node_id to)
{
	const struct type *type = object_type(h, from);
	const bool is_array = type->flags & TYPE_POINTER_ARRAY;
	const char *given = given_name(h, from, offset);

	if (!given && type->ops && type->ops->relation)
		given = type->ops->relation(h, from, offset, to);
	if (given)
		return with_distance(h, given, distance);
	if (is_table(h, from) || (is_array && !h->private->options.exact_index))
		offset = SOMEWHERE;

	uint64_t *cached =
		map_find_or_insert(&h->private->relations, offset << 1 | is_array, distance);

	if (*cached == MAP_EMPTY)
		*cached = (uintptr_t)name_block_word(h, is_array, offset, distance);
	return (const char *)(uintptr_t)*cached;
}

static const char *root_relation(struct heap *h, node_id from, uint64_t offset, uint64_t distance,
				 node_id to)
{
	const uint64_t key = (uint64_t)from << 32 | offset / 8;
	uint64_t *cached = map_find_or_insert(&h->private->root_relations, key, distance);

	if (*cached == MAP_EMPTY) {
		const char *name = h->root_ops ? h->root_ops->relation(h, from, offset, to) : NULL;

		if (!name)
			name = root_name_word(h, &h->roots[from - h->nr_objects], offset);
		*cached = (uintptr_t)with_distance(h, name, distance);
	}
	return (const char *)(uintptr_t)*cached;
}

const char *heap_relation(struct heap *h, node_id from, uint32_t offset, node_id to)
{
	const uint64_t distance = edge_distance(h, from, offset, to);

	if (node_is_root(h, from))
		return root_relation(h, from, EDGE_OFFSET(offset), distance, to);
	return block_relation(h, from, EDGE_OFFSET(offset), distance, to);
}

enum relation_weight heap_weigh_relation(const struct heap *h, node_id from, uint32_t offset,
					 node_id to, const char *relation)
{
	const struct type_ops *ops = object_type(h, to)->ops;

	return ops && ops->weigh ? ops->weigh(h, from, EDGE_OFFSET(offset), relation)
				 : RELATION_TOLD;
}

enum relation_weight heap_weigh_root(const struct heap *h, node_id to)
{
	const struct type_ops *ops = object_type(h, to)->ops;

	return ops && ops->weigh ? RELATION_QUIET : RELATION_TOLD;
}

const char *heap_root_holder(struct heap *h, node_id from, uint32_t offset)
{
	return h->root_ops && h->root_ops->holder
		       ? h->root_ops->holder(h, from, EDGE_OFFSET(offset))
		       : NULL;
}

bool heap_wants_index(const struct heap *h)
{
	return h->private->options.exact_index;
}
