/* SPDX-License-Identifier: MIT */
/*
 * Which words of CPython's objects and tables are references: not the collector's links, not
 * hashes and counts, not what is left in slots that are free.  Only reads: several threads ask.
 */
#include "heap/fold.h"
#include "typing/cpython/cpython.h"
#include "typing/cpython/element.h"
#include "typing/cpython/interp.h"

#define INTERNED_HELD_SINCE 12u /* minor version: then strings became immortal in that table */

static bool is_key_word(const struct cpython *p, node_id from, uint64_t offset)
{
	const uint64_t keys = dump_blocks(p->dump)->addr[from];
	struct cpython_items items;

	cpython_keys_open(p, keys, 0, &items);
	if (!items.keys || keys + offset < items.entries)
		return false;

	const uint64_t at = keys + offset - items.entries;

	return at / items.stride < items.nr && at % items.stride >= items.key_offset;
}

static bool is_item_word(const struct cpython *p, node_id from, uint64_t offset)
{
	const uint64_t list = object_addr(p->heap, p->heap->owner[from]);

	return offset / 8 < cpython_length(p, list);
}

static bool is_deque_word(const struct cpython *p, node_id from, uint64_t offset)
{
	const uint64_t deque = object_addr(p->heap, p->heap->owner[from]);
	const uint64_t addr = dump_blocks(p->dump)->addr[from];
	const uint64_t i = (offset - CPYTHON_DEQUE_ITEMS) / 8;

	if (offset < CPYTHON_DEQUE_ITEMS || i >= CPYTHON_DEQUE_NR_ITEMS ||
	    !cpython_length(p, deque))
		return false;
	if (addr == cpython_word(p, deque + CPYTHON_DEQUE_LEFT) &&
	    i < cpython_word(p, deque + CPYTHON_DEQUE_LEFT_INDEX))
		return false;
	return addr != cpython_word(p, deque + CPYTHON_DEQUE_RIGHT) ||
	       i <= cpython_word(p, deque + CPYTHON_DEQUE_RIGHT_INDEX);
}

/* In front of the values there is how many they are, in a few bytes of a word or two.  Address of
 * the first value in their table. */
static uint64_t find_values(const struct cpython *p, node_id from)
{
	const node_id owner = p->heap->owner[from];
	const uint64_t object = object_addr(p->heap, owner);
	const uint64_t start = dump_blocks(p->dump)->addr[from];
	const struct cpython_class *c = cpython_class_of(p, owner);
	uint64_t values = c && c->shape == CPYTHON_SHAPE_DICT
				  ? cpython_word(p, object + CPYTHON_MA_VALUES)
				  : 0;

	if (values - start >= block_size(p->heap, from))
		values = c ? cpython_inline_values_of(p, c, object) : 0;
	return values;
}

static bool is_value_word(const struct cpython *p, node_id from, uint64_t offset)
{
	return dump_blocks(p->dump)->addr[from] + offset >= find_values(p, from);
}

/* Children that were removed stay behind the others. */
static bool is_element_word(const struct cpython *p, node_id from, uint64_t offset)
{
	const uint64_t element = object_addr(p->heap, p->heap->owner[from]);
	const uint64_t block = dump_blocks(p->dump)->addr[from];
	uint64_t index;

	return block + offset == cpython_word(p, element + ELEMENT_EXTRA) + EXTRA_ATTRIB ||
	       cpython_element_child(p, element, block, offset, &index);
}

static bool is_part_word(const struct cpython *p, node_id from, uint64_t offset)
{
	const struct cpython_class *c = cpython_class_of(p, p->heap->owner[from]);

	return !c || c->shape != CPYTHON_SHAPE_ELEMENT || is_element_word(p, from, offset);
}

static bool is_table_edge(const struct cpython *p, node_id from, uint64_t offset)
{
	const bool has_owner = p->heap->owner[from] != from;

	switch ((enum cpython_table)p->table[from]) {
	case CPYTHON_TABLE_KEYS:
		return is_key_word(p, from, offset) && (p->heap->owner[from] != p->interned ||
							p->version->minor >= INTERNED_HELD_SINCE);
	case CPYTHON_TABLE_ITEMS:
		return !has_owner || is_item_word(p, from, offset);
	case CPYTHON_TABLE_SET:
		return offset % CPYTHON_SET_ENTRY == 0;
	case CPYTHON_TABLE_DEQUE:
		return !has_owner || is_deque_word(p, from, offset);
	case CPYTHON_TABLE_BYTES:
	case CPYTHON_TABLE_FOREIGN:
	case CPYTHON_TABLE_DEFINITION:
	case CPYTHON_TABLE_FREE:
		return false;
	case CPYTHON_TABLE_VALUES:
		return !has_owner || is_value_word(p, from, offset);
	case CPYTHON_TABLE_OTHER:
		return !has_owner || is_part_word(p, from, offset);
	case CPYTHON_TABLE_ARRAY:
	case CPYTHON_TABLE_NONE:
		return true;
	}
	return true;
}

/* The small table of a set is stale once it has a larger one. */
static bool is_set_word(const struct cpython *p, uint64_t addr, uint64_t offset)
{
	if (offset < CPYTHON_SET_SMALL_TABLE)
		return false;
	return cpython_word(p, addr + CPYTHON_SET_TABLE) == addr + CPYTHON_SET_SMALL_TABLE &&
	       (offset - CPYTHON_SET_SMALL_TABLE) % CPYTHON_SET_ENTRY == 0;
}

/* Words that belong to the layout of the shape; those of a derived class lie behind them. */
static bool is_shape_edge(const struct cpython *p, const struct cpython_class *c, uint64_t addr,
			  uint64_t offset)
{
	switch ((unsigned int)c->shape) {
	case CPYTHON_SHAPE_DICT:
		return offset >= CPYTHON_DICT_SIZE;
	case CPYTHON_SHAPE_LIST:
		return offset >= CPYTHON_LIST_SIZE;
	case CPYTHON_SHAPE_SET:
	case CPYTHON_SHAPE_FROZENSET:
		return offset >= CPYTHON_SET_SIZE || is_set_word(p, addr, offset);
	case CPYTHON_SHAPE_DEQUE:
		return offset >= p->version->deque_size;
	case CPYTHON_SHAPE_TUPLE:
		return offset >= CPYTHON_TUPLE_ITEMS;
	case CPYTHON_SHAPE_STR:
		return offset >= p->version->str_size;
	case CPYTHON_SHAPE_WEAKREF:
		return offset == CPYTHON_WEAKREF_CALLBACK || offset >= p->version->weakref_size;
	}
	return true;
}

bool cpython_is_object_edge(const struct cpython *p, const struct cpython_class *c, uint64_t obj,
			    uint64_t offset)
{
	if (offset == CPYTHON_OB_REFCNT || (int64_t)offset == c->weaklistoffset)
		return false;
	if (offset == CPYTHON_OB_TYPE)
		return true;
	return is_shape_edge(p, c, obj, offset) && !cpython_is_borrowed(p, c, obj, offset);
}

/* In front of an object there is its managed dict, and nothing else that it holds. */
static bool is_block_edge(const struct cpython *p, node_id from, uint64_t offset)
{
	const struct cpython_class *c = cpython_class_of(p, from);
	const uint64_t head = p->heap->head[from];

	if (offset < head)
		return head - offset == p->version->managed_dict &&
		       c->flags & p->version->preheader_flags & CPYTHON_FLAG_MANAGED_DICT;
	return cpython_is_object_edge(p, c, object_addr(p->heap, from), offset - head);
}

/* ElementTree marks pointers in their lowest bit. */
static bool is_marked(const struct cpython *p, node_id from, uint64_t distance)
{
	const struct cpython_class *c = distance == 1 ? cpython_class_of(p, from) : NULL;

	return c && c->shape == CPYTHON_SHAPE_ELEMENT;
}

/* Python's references are to the beginning of an object; tables have one owner. */
bool cpython_is_target(const struct heap *h, node_id from, uint64_t word, node_id to)
{
	const struct cpython *p = h->cpython;

	if (h->owner[to] != to && !fold_is_part(h, to))
		return false;
	return !cpython_class_of(p, to) || word == object_addr(h, to) ||
	       is_marked(p, from, word - object_addr(h, to));
}

bool cpython_is_edge(const struct heap *h, node_id from, uint64_t offset, node_id to)
{
	const struct cpython *p = h->cpython;
	const uint8_t *bytes = dump_block_bytes(p->dump, from);
	uint64_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	if (!cpython_is_target(h, from, word, to))
		return false;
	if (from == p->interp_block)
		return !cpython_interp_borrows(p, dump_blocks(h->dump)->addr[from] + offset);
	return cpython_class_of(p, from) ? is_block_edge(p, from, offset)
					 : is_table_edge(p, from, offset);
}

/* As is_shape_edge and is_borrowed have it of the commonest shapes.  0: each word must be asked. */
static uint64_t first_word(const struct cpython *p, const struct cpython_class *c)
{
	if (c->borrowed || c->weaklistoffset ||
	    c->flags & p->version->preheader_flags & CPYTHON_FLAG_MANAGED_DICT)
		return 0;
	switch ((unsigned int)c->shape) {
	case CPYTHON_SHAPE_DICT:
		return CPYTHON_DICT_SIZE;
	case CPYTHON_SHAPE_LIST:
		return CPYTHON_LIST_SIZE;
	case CPYTHON_SHAPE_TUPLE:
		return CPYTHON_TUPLE_ITEMS;
	default:
		return 0;
	}
}

static bool object_words(const struct cpython *p, node_id from, struct edge_words *ret)
{
	const uint64_t head = p->heap->head[from];
	const uint64_t first = first_word(p, cpython_class_of(p, from));

	*ret = (struct edge_words){
		.lone = head + CPYTHON_OB_TYPE,
		.first = head + first,
		.end = block_size(p->heap, from) / 8 * 8,
		.stride = 8,
	};
	return first;
}

static bool keys_words(const struct cpython *p, node_id from, struct edge_words *ret)
{
	const uint64_t keys = dump_blocks(p->dump)->addr[from];
	const uint64_t end = block_size(p->heap, from) / 8 * 8;
	struct cpython_items items;

	cpython_keys_open(p, keys, 0, &items);
	if (!items.keys || items.entries % 8 || items.entries - keys > end)
		return false;
	*ret = (struct edge_words){
		.lone = EDGE_WORDS_NONE,
		.first = items.entries - keys,
		.stride = items.stride,
		.skip = items.key_offset,
	};
	ret->end = ret->first + items.nr * items.stride;
	if (p->heap->owner[from] == p->interned && p->version->minor < INTERNED_HELD_SINCE)
		ret->end = ret->first;
	return ret->end <= end;
}

static bool values_words(const struct cpython *p, node_id from, struct edge_words *ret)
{
	const uint64_t start = dump_blocks(p->dump)->addr[from];
	const uint64_t values = p->heap->owner[from] == from ? 0 : find_values(p, from);

	*ret = (struct edge_words){
		.lone = EDGE_WORDS_NONE,
		.first = values > start ? (values - start + 7) / 8 * 8 : 0,
		.end = block_size(p->heap, from) / 8 * 8,
		.stride = 8,
	};
	return true;
}

bool cpython_edge_words(const struct heap *h, node_id from, struct edge_words *ret)
{
	const struct cpython *p = h->cpython;

	if (from == p->interp_block)
		return false;
	if (cpython_class_of(p, from))
		return object_words(p, from, ret);
	if (p->table[from] == CPYTHON_TABLE_KEYS)
		return keys_words(p, from, ret);
	return p->table[from] == CPYTHON_TABLE_VALUES && values_words(p, from, ret);
}
