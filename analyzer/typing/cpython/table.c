/* SPDX-License-Identifier: MIT */
/*
 * Tables: blocks that CPython allocates for an object, which count for that object as
 * sys.getsizeof counts them.  Those that the layouts name come first; then whatever else of the
 * object allocator an object points to the start of and nobody has.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "typing/cpython/class.h"
#include "typing/cpython/frame_layout.h"

#define SMALLEST_KEYS	 8u /* slots of the smallest dict's keys */
#define SMALLEST_ENTRIES 5u /* ... their entries */
#define FLOAT_SIZE	 24u

/* PyArrayObject, the same since NumPy 1.0, and PyArray_Descr. */
#define NDARRAY_DATA	   16u
#define NDARRAY_DIMENSIONS 32u
#define NDARRAY_DESCR	   56u
#define NDARRAY_FLAGS	   64u
#define NDARRAY_OWNDATA	   4u
#define DESCR_KIND	   24u

static const char *const table_names[] = {
	[CPYTHON_TABLE_NONE] = "",
	[CPYTHON_TABLE_KEYS] = "<dict keys>",
	[CPYTHON_TABLE_VALUES] = "<attribute values>",
	[CPYTHON_TABLE_ITEMS] = "<list items>",
	[CPYTHON_TABLE_SET] = "<set table>",
	[CPYTHON_TABLE_DEQUE] = "<deque block>",
	[CPYTHON_TABLE_ARRAY] = "<array elements>",
	[CPYTHON_TABLE_BYTES] = "<bytes of an object>",
	[CPYTHON_TABLE_OTHER] = "<part of an object>",
	[CPYTHON_TABLE_FOREIGN] = "<buffer of an object>",
	[CPYTHON_TABLE_DEFINITION] = "<method definitions>",
	[CPYTHON_TABLE_FREE] = "<free list>",
};

uint32_t cpython_table_type(struct cpython *p, enum cpython_table table)
{
	const uint32_t type = heap_intern_type(
		p->heap, table_names[table], PROVENANCE_CPYTHON,
		TYPE_FALLBACK | (table == CPYTHON_TABLE_BYTES || table == CPYTHON_TABLE_FOREIGN
					 ? TYPE_NO_POINTERS
					 : 0));

	p->heap->types[type].ops = &cpython_ops;
	return type;
}

/* Is block t nobody's yet?  What looks like a freed object may be a table that does not use its
 * first words, where a freed object's header still stands: the layouts know better. */
static bool is_unclaimed(const struct cpython *p, node_id t, enum cpython_table table)
{
	return p->class[t] == CPYTHON_NO_CLASS &&
	       (!p->table[t] ||
		(p->table[t] == CPYTHON_TABLE_FREE && table != CPYTHON_TABLE_OTHER));
}

/* Block t, if nobody has it yet and it is no object, becomes a table of n. */
static bool claim(struct cpython *p, node_id n, node_id t, enum cpython_table table)
{
	if (t == NODE_NONE || t == n || !is_unclaimed(p, t, table))
		return false;
	p->table[t] = (uint8_t)table;
	heap_fold(p->heap, n, t);
	return true;
}

/* The block that begins at addr. */
static node_id block_at(const struct cpython *p, uint64_t addr)
{
	const uint32_t t = dump_find_block(p->dump, addr);

	return t != UINT32_MAX && dump_blocks(p->dump)->addr[t] == addr ? t : NODE_NONE;
}

/* The block of the object allocator's or malloc's that has addr in it: values have a count in
 * front. */
static node_id block_around(const struct cpython *p, uint64_t addr)
{
	const uint32_t t = dump_find_block(p->dump, addr);
	const uint8_t kind = t == UINT32_MAX ? HC_KIND_ARENA : dump_blocks(p->dump)->kind[t];

	return kind == HC_KIND_ARENA || kind == HC_KIND_MMAP ? NODE_NONE : t;
}

static void claim_word(struct cpython *p, node_id n, uint64_t at, enum cpython_table table)
{
	claim(p, n, block_at(p, cpython_word(p, at)), table);
}

static void claim_dict(struct cpython *p, node_id n, uint64_t addr)
{
	const uint64_t values = cpython_word(p, addr + CPYTHON_MA_VALUES);

	if (values)
		claim(p, n, block_around(p, values), CPYTHON_TABLE_VALUES);
	else
		claim_word(p, n, addr + CPYTHON_MA_KEYS, CPYTHON_TABLE_KEYS);
}

static void claim_str(struct cpython *p, node_id n, uint64_t addr)
{
	const struct cpython_version *v = p->version;
	const uint64_t end = addr + block_size(p->heap, n) - p->heap->head[n];
	const uint64_t words[] = { v->str_utf8, v->str_data, v->str_wstr };
	uint8_t state = 0;

	cpython_read(p, addr + CPYTHON_STR_STATE, &state, 1);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		/* Text of its own begins where the words of other kinds of str are. */
		const uint64_t own = !(state >> 5 & 1) ? v->str_size
				     : state >> 6 & 1  ? v->str_ascii_size
						       : v->str_compact_size;

		if (words[i] && words[i] + 8 <= own && addr + words[i] + 8 <= end)
			claim_word(p, n, addr + words[i], CPYTHON_TABLE_BYTES);
	}
}

/* The last block's link is not cleared; blocks to spare are remembered by the deque (3.11). */
static void claim_deque(struct cpython *p, node_id n, uint64_t addr)
{
	const uint64_t last = cpython_word(p, addr + CPYTHON_DEQUE_RIGHT);
	uint64_t block = cpython_word(p, addr + CPYTHON_DEQUE_LEFT);

	while (claim(p, n, block_at(p, block), CPYTHON_TABLE_DEQUE) && block != last)
		block = cpython_word(p, block + CPYTHON_DEQUE_NEXT);
	if (p->version->deque_size < CPYTHON_DEQUE_SPARE + CPYTHON_DEQUE_SPARE_MAX * 8)
		return;

	const uint64_t nr = cpython_word(p, addr + CPYTHON_DEQUE_NR_SPARE);

	for (uint64_t i = 0; i < nr && i < CPYTHON_DEQUE_SPARE_MAX; i++)
		claim(p, n, block_at(p, cpython_word(p, addr + CPYTHON_DEQUE_SPARE + i * 8)),
		      CPYTHON_TABLE_FOREIGN);
}

/* A view's elements are its base's. */
static void claim_ndarray(struct cpython *p, node_id n, uint64_t addr)
{
	const uint64_t descr = cpython_word(p, addr + NDARRAY_DESCR);
	const char kind = (char)cpython_word(p, descr + DESCR_KIND);

	if (cpython_word(p, addr + NDARRAY_FLAGS) & NDARRAY_OWNDATA)
		claim_word(p, n, addr + NDARRAY_DATA,
			   kind == 'O' || kind == 'V' ? CPYTHON_TABLE_ARRAY
						      : CPYTHON_TABLE_FOREIGN);
	claim_word(p, n, addr + NDARRAY_DIMENSIONS, CPYTHON_TABLE_FOREIGN);
}

static void claim_type(struct cpython *p, node_id n, uint64_t addr)
{
	const struct cpython_version *v = p->version;

	claim_word(p, n, addr + v->ht_cached_keys, CPYTHON_TABLE_KEYS);
	claim_word(p, n, addr + CPYTHON_TP_DOC, CPYTHON_TABLE_BYTES);
	if (v->ht_tpname)
		claim_word(p, n, addr + v->ht_tpname, CPYTHON_TABLE_BYTES);
}

/* Many objects point to a definition; it is its class's or library's, whose data need be no block.
 */
static void mark_definition(struct cpython *p, uint64_t at)
{
	const node_id t = block_at(p, cpython_word(p, at));

	if (t != NODE_NONE && is_unclaimed(p, t, CPYTHON_TABLE_DEFINITION))
		p->table[t] = CPYTHON_TABLE_DEFINITION;
}

/* Tables that the layout of the shape names. */
static void claim_named(struct cpython *p, node_id n, const struct cpython_class *c, uint64_t addr)
{
	const uint64_t values = cpython_inline_values_of(p, c, addr);

	if (values)
		claim(p, n, block_around(p, values), CPYTHON_TABLE_VALUES);
	switch ((unsigned int)c->shape) {
	case CPYTHON_SHAPE_DICT:
	case CPYTHON_SHAPE_ORDERED_DICT:
		claim_dict(p, n, addr);
		break;
	case CPYTHON_SHAPE_LIST:
		claim_word(p, n, addr + CPYTHON_LIST_ITEMS, CPYTHON_TABLE_ITEMS);
		break;
	case CPYTHON_SHAPE_SET:
	case CPYTHON_SHAPE_FROZENSET:
		claim_word(p, n, addr + CPYTHON_SET_TABLE, CPYTHON_TABLE_SET);
		break;
	case CPYTHON_SHAPE_DEQUE:
		claim_deque(p, n, addr);
		break;
	case CPYTHON_SHAPE_STR:
		claim_str(p, n, addr);
		break;
	case CPYTHON_SHAPE_BYTEARRAY:
		claim_word(p, n, addr + CPYTHON_BYTEARRAY_BYTES, CPYTHON_TABLE_BYTES);
		break;
	case CPYTHON_SHAPE_NDARRAY:
		claim_ndarray(p, n, addr);
		break;
	case CPYTHON_SHAPE_TYPE:
		claim_type(p, n, addr);
		break;
	case CPYTHON_SHAPE_BUILTIN:
		mark_definition(p, addr + CPYTHON_BUILTIN_DEFINITION);
		break;
	case CPYTHON_SHAPE_MEMBER:
	case CPYTHON_SHAPE_GETSET:
	case CPYTHON_SHAPE_METHOD_DESCRIPTOR:
	case CPYTHON_SHAPE_WRAPPER:
		mark_definition(p, addr + CPYTHON_DESCR_DEFINITION);
		break;
	case CPYTHON_SHAPE_MODULE: /* objects of its classes may point there, too */
		claim_word(p, n, addr + CPYTHON_MODULE_STATE, CPYTHON_TABLE_OTHER);
		break;
	}
}

/* What a part of object n is that block `from`, n or another part, points to at offset `at`. */
static enum cpython_table part_kind(const struct cpython *p, node_id n, node_id from, uint64_t at)
{
	const uint64_t word = (at - p->heap->head[n]) / 8;

	if (from != n)
		return (enum cpython_table)p->table[from];
	return word < 64 && cpython_class_of(p, n)->foreign >> word & 1 ? CPYTHON_TABLE_FOREIGN
									: CPYTHON_TABLE_OTHER;
}

/* Where in block `from` there may be pointers to parts; elsewhere there are old ones. */
static struct cpython_span others_in(const struct cpython *p, node_id n, node_id from)
{
	const uint64_t head = p->heap->head[from];
	struct cpython_span span = { head, block_size(p->heap, from) };

	if (from != n)
		return span;
	if (cpython_class_of(p, n)->items && span.end - head > cpython_class_of(p, n)->items)
		span.end = head + cpython_class_of(p, n)->items;
	switch ((unsigned int)cpython_class_of(p, n)->shape) {
	case CPYTHON_SHAPE_DEQUE:
		span.addr = head + p->version->deque_size;
		break;
	case CPYTHON_SHAPE_CODE:
		if (span.end - head > cpython_frame_layout(p)->instructions)
			span.end = head + cpython_frame_layout(p)->instructions;
		break;
	case CPYTHON_SHAPE_FRAME: /* whose locals and values are objects */
	case CPYTHON_SHAPE_GENERATOR:
	case CPYTHON_SHAPE_COROUTINE:
	case CPYTHON_SHAPE_ASYNC_GENERATOR:
		span.end = head;
		break;
	}
	return span;
}

/* Words of an object that are no pointers of its own lead to others' parts, too. */
static bool is_own_word(const struct cpython *p, node_id n, node_id from, uint64_t at)
{
	const uint64_t word = (at - p->heap->head[n]) / 8;

	return from != n || word >= 64 || !(cpython_class_of(p, n)->borrowed >> word & 1);
}

/* Whatever else of the object allocator block `from`, which is object n or a part of it, points
 * to. */
static void claim_others(struct cpython *p, node_id n, node_id from)
{
	const struct dump_blocks *b = dump_blocks(p->dump);
	const uint8_t *bytes = dump_block_bytes(p->dump, from);

	const struct cpython_span span = others_in(p, n, from);

	for (uint64_t at = span.addr; bytes && at + 8 <= span.end; at += 8) {
		uint64_t word;
		node_id t;

		memcpy(&word, bytes + at, sizeof(word));
		t = block_at(p, word);
		/* A buffer's old words lead to freed objects. */
		if (t != NODE_NONE && b->kind[t] == HC_KIND_PYTHON && (from == n || !p->table[t]) &&
		    is_own_word(p, n, from, at))
			claim(p, n, t, part_kind(p, n, from, at));
	}
}

/* Has an object of the class words that are not just numbers, text or its items? */
static bool has_others(const struct cpython *p, const struct cpython_class *c)
{
	const struct cpython_class *base = cpython_find_class(p, c->base);

	if (p->heap->types[c->type].flags & TYPE_NO_POINTERS)
		return false;
	switch ((unsigned int)c->shape) {
	case CPYTHON_SHAPE_DICT:
	case CPYTHON_SHAPE_LIST:
	case CPYTHON_SHAPE_TUPLE:
		return base && base->shape == c->shape;
	default:
		return true;
	}
}

/* The smallest keys, which are kept for the next dict; their count may still be 1. */
static bool is_free_keys(const struct cpython *p, node_id n, const uint8_t *bytes)
{
	const struct cpython_version *v = p->version;
	const uint64_t addr = dump_blocks(p->dump)->addr[n], end = addr + block_size(p->heap, n);
	const uint64_t usable = cpython_word(p, addr + v->dk_usable);
	uint64_t size = 0;
	struct cpython_items keys;

	memcpy(&size, bytes + v->dk_size, v->has_log2_size ? 1 : 8);
	if (v->has_log2_size)
		size = 1ul << (size & 63);
	cpython_keys_open(p, addr, 0, &keys);
	return size == SMALLEST_KEYS && keys.nr <= SMALLEST_ENTRIES &&
	       usable <= SMALLEST_ENTRIES - keys.nr &&
	       keys.entries + SMALLEST_ENTRIES * keys.stride == end;
}

/* Floats are linked by the word of their type. */
static bool is_free_float(const struct cpython *p, node_id n, const uint8_t *bytes)
{
	uint64_t next;
	node_id t;

	if (block_size(p->heap, n) != FLOAT_SIZE)
		return false;
	memcpy(&next, bytes + CPYTHON_OB_TYPE, sizeof(next));
	t = block_at(p, next);
	return !next || (t != NODE_NONE && block_size(p->heap, t) == FLOAT_SIZE);
}

static bool is_on_free_list(const struct cpython *p, node_id n)
{
	const struct dump_blocks *b = dump_blocks(p->dump);
	const uint8_t *bytes = dump_block_bytes(p->dump, n);
	uint64_t refcnt;

	if (p->class[n] != CPYTHON_NO_CLASS || p->table[n] || b->kind[n] != HC_KIND_PYTHON ||
	    !bytes || b->size[n] < FLOAT_SIZE)
		return false;
	memcpy(&refcnt, bytes + CPYTHON_OB_REFCNT, sizeof(refcnt));
	if (!refcnt && is_free_float(p, n, bytes))
		return true;
	return refcnt <= 1 && b->size[n] > p->version->dk_indices && is_free_keys(p, n, bytes);
}

/* What parts of that kind point to, and what that points to; but a module's state counts alone. */
static void claim_inner(struct cpython *p, enum cpython_table kind)
{
	const struct heap *h = p->heap;

	for (node_id n = 0; n < h->nr_objects; n++) {
		const struct cpython_class *c = cpython_class_of(p, n);

		if (!c || c->shape == CPYTHON_SHAPE_MODULE)
			continue;
		/* Tables are put in front of those that are there. */
		for (node_id t = h->next_table[n], last = NODE_NONE; t != last && t != NODE_NONE;) {
			const node_id first = t;

			for (; t != last && t != NODE_NONE; t = h->next_table[t])
				if (p->table[t] == kind && h->owner[t] == n)
					claim_others(p, n, t);
			last = first;
			t = h->next_table[n];
		}
	}
}

void cpython_fold(struct cpython *p)
{
	struct heap *h = p->heap;

	for (node_id n = 0; n < h->nr_objects; n++) {
		const struct cpython_class *c = cpython_class_of(p, n);

		if (c)
			claim_named(p, n, c, object_addr(h, n));
	}
	/* Own words first: memory that was never written, in parts, may look like others' parts. */
	for (node_id n = 0; n < h->nr_objects; n++) {
		const struct cpython_class *c = cpython_class_of(p, n);

		if (c && has_others(p, c))
			claim_others(p, n, n);
	}
	claim_inner(p, CPYTHON_TABLE_OTHER);
	claim_inner(p, CPYTHON_TABLE_FOREIGN);
	for (node_id n = 0; n < h->nr_objects; n++) {
		if (is_on_free_list(p, n))
			p->table[n] = CPYTHON_TABLE_FREE;
		if (p->table[n] == CPYTHON_TABLE_FREE)
			heap_leave_out(h, n);
	}
}
