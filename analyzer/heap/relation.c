/* SPDX-License-Identifier: MIT */
/*
 * Names of relations.  Tens of millions of edges share a few thousand names, so both kinds of
 * source go through a cache: an untyped block's name depends on the offset only, a root's on the
 * word.  What an interior pointer leads to comes after it.
 */
#include <string.h>

#include "base/mem.h"
#include "heap/fold.h"
#include "heap/heap.h"
#include "heap/private.h"
#include "heap/root.h"

/* Beyond this many bytes an untyped block is a table or an arena: its words, and the places in it,
 * are elements, "[*]", unless the exact index is asked for. */
#define TABLE_BYTES 1024
#define CHAIN_MAX   8 /* parts of parts that a name tells, from the inside */
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

/* Places of one kind: bytes of text, of something large that nobody knows more of. */
static bool is_uniform(const struct heap *h, node_id n)
{
	const struct type *type = object_type(h, n);

	if (h->private->options.exact_index)
		return false;
	if (type->flags & (TYPE_NO_POINTERS | TYPE_POINTER_ARRAY))
		return true;
	return !provenance_is(type->provenance, IS_ITSELF) &&
	       type->provenance != PROVENANCE_LAYOUT && block_size(h, n) > TABLE_BYTES;
}

const char *heap_place(struct heap *h, node_id block, uint64_t offset)
{
	const struct type_ops *ops = object_type(h, block)->ops;
	const char *place = ops && ops->place ? ops->place(h, block, offset) : NULL;

	if (place)
		return place;
	if (is_uniform(h, block))
		return intern_string(h->private->names, "[*]");
	return intern_format(h->private->names, "+0x%lx", offset);
}

/* offset SOMEWHERE: an element of a table or array, no matter which. */
static const char *name_block_word(struct heap *h, bool is_array, uint64_t offset)
{
	struct intern *names = h->private->names;

	if (offset == SOMEWHERE)
		return intern_string(names, "[*]");
	if (is_array)
		return intern_format(names, "[%lu]", offset / 8);
	return intern_format(names, ".+0x%lx", offset);
}

const char *heap_given_name(const struct heap *h, node_id from, uint64_t offset)
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

/* Of the word of a block alone, whatever it counts for. */
static const char *block_word(struct heap *h, node_id from, uint64_t offset, node_id to)
{
	const struct type *type = object_type(h, from);
	const bool is_array = type->flags & TYPE_POINTER_ARRAY;
	const char *given = heap_given_name(h, from, offset);

	if (!given && type->ops && type->ops->relation)
		given = type->ops->relation(h, from, offset, to);
	if (given)
		return given;
	if (is_table(h, from) || (is_array && !h->private->options.exact_index))
		offset = SOMEWHERE;

	uint64_t *cached = map_find_or_insert(&h->private->relations, offset, is_array);

	if (*cached == MAP_EMPTY)
		*cached = (uintptr_t)name_block_word(h, is_array, offset);
	return (const char *)(uintptr_t)*cached;
}

/* name, as of the object that a block counts for: what leads to the part before it. */
static const char *owners_name(struct heap *h, node_id block, const char *name)
{
	for (int depth = 0; depth < CHAIN_MAX && fold_is_part(h, block); depth++) {
		const node_id holder = fold_holder(h, block);

		name = intern_format(h->private->names, "%s%s",
				     block_word(h, holder, fold_offset(h, block), block), name);
		block = holder;
	}
	return name;
}

const char *heap_part_name(struct heap *h, node_id part)
{
	return owners_name(h, part, "");
}

/* Of a pointer to or into a block that counts for another. */
static const char *part_place(struct heap *h, uint64_t addr)
{
	const node_id part = dump_find_block(h->dump, addr);
	const char *place;

	if (part == NODE_NONE || !fold_is_part(h, part))
		return intern_string(h->private->names, "[*]");
	place = addr == object_addr(h, part) ? ""
					     : heap_place(h, part, addr - object_addr(h, part));
	return owners_name(h, part, place);
}

/* A word of a frame or a thread, of no variable: where in the object it points says nothing. */
static bool is_anonymous(const struct heap *h, node_id from, const char *name)
{
	return node_is_root(h, from) && *name == '<' && !h->private->options.exact_index;
}

/* What an interior pointer of that name leads to; NULL or "": the object itself. */
static const char *edge_place(struct heap *h, node_id from, uint32_t offset, node_id to,
			      const char *name)
{
	uint64_t word, distance;

	if (!(offset & EDGE_INTERIOR))
		return NULL;
	word = source_word(h, from, EDGE_OFFSET(offset));
	distance = word - dump_blocks(h->dump)->addr[to];
	if (distance >= block_size(h, to))
		return part_place(h, word);
	if (is_anonymous(h, from, name))
		return NULL;
	/* The lowest bit of a pointer to a Python object is a mark. */
	if (distance - h->head[to] == 1 && object_type(h, to)->provenance == PROVENANCE_CPYTHON)
		return NULL;
	return heap_place(h, to, distance - h->head[to]);
}

/* What a part holds, its owner holds by way of it: ".pages[*].second". */
static const char *block_relation(struct heap *h, node_id from, uint64_t offset, node_id to)
{
	const char *name = block_word(h, from, offset, to);

	return *name ? owners_name(h, from, name) : name;
}

static const char *root_relation(struct heap *h, node_id from, uint64_t offset, node_id to)
{
	uint64_t *cached = map_find_or_insert(&h->private->root_relations, from, offset);

	if (*cached == MAP_EMPTY) {
		const char *name = h->root_ops ? h->root_ops->relation(h, from, offset, to) : NULL;

		if (!name)
			name = root_name_word(h, &h->roots[from - h->nr_objects], offset);
		*cached = (uintptr_t)name;
	}
	return (const char *)(uintptr_t)*cached;
}

/* name@place, looked up by the two before it is formatted: there are few pairs. */
static const char *join(struct heap *h, const char *name, const char *place)
{
	uint64_t *joined =
		map_find_or_insert(&h->private->joined, (uintptr_t)name, (uintptr_t)place);

	if (*joined == MAP_EMPTY)
		*joined = (uintptr_t)intern_format(h->private->names, "%s@%s", name, place);
	return (const char *)(uintptr_t)*joined;
}

const char *heap_relation(struct heap *h, node_id from, uint32_t offset, node_id to)
{
	const char *name = node_is_root(h, from) ? root_relation(h, from, EDGE_OFFSET(offset), to)
						 : block_relation(h, from, EDGE_OFFSET(offset), to);
	const char *place = edge_place(h, from, offset, to, name);

	return place && *place ? join(h, name, place) : name;
}

/* "struct request[]" has fields of "request". */
static const char *bare_type_name(struct heap *h, const char *name)
{
	static const char *const keywords[] = { "struct ", "union ", "enum " };
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (!strncmp(name, keywords[i], strlen(keywords[i])))
			name += strlen(keywords[i]);
	}
	len = strlen(name);
	if (len > 2 && !strcmp(name + len - 2, "[]"))
		len -= 2;
	return intern_format(h->private->names, "%.*s", (int)len, name);
}

const char *heap_qualify_relation(struct heap *h, node_id from, const char *relation)
{
	if (!h->private->options.source_types || node_is_root(h, from) || !*relation)
		return relation;

	const char *type = object_type(h, h->owner[from])->name;
	uint64_t *joined =
		map_find_or_insert(&h->private->qualified, (uintptr_t)type, (uintptr_t)relation);

	if (*joined == MAP_EMPTY)
		*joined = (uintptr_t)intern_format(h->private->names, "%s%s",
						   bare_type_name(h, type), relation);
	return (const char *)(uintptr_t)*joined;
}

enum relation_weight heap_weigh_relation(struct heap *h, node_id from, uint32_t offset, node_id to,
					 const char *relation)
{
	const struct type *type = object_type(h, to);
	const enum relation_weight weight =
		type->ops && type->ops->weigh
			? type->ops->weigh(h, from, EDGE_OFFSET(offset), relation)
			: RELATION_TOLD;

	if (type->provenance == PROVENANCE_CPYTHON)
		return weight;
	/* That something refers to itself, as the empty ring of a list does, holds nothing; nor do
	 * words that are known to be none. */
	if ((!node_is_root(h, from) && h->owner[from] == to) ||
	    heap_word_use(h, from, EDGE_OFFSET(offset)) == WORD_SLACK)
		return RELATION_LAST;
	return weight;
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
