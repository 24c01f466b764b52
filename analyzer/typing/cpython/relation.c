/* SPDX-License-Identifier: MIT */
/*
 * Names of the references that CPython's objects hold, as Guppy spells them, by the word that holds
 * them: of an object itself, or of a table that counts for it.  One thread.
 */
#include "base/mem.h"
#include "heap/private.h"
#include "typing/cpython/frame.h"
#include "typing/cpython/interp.h"
#include "typing/cpython/names.h"

#define SET_SMALL_ENTRIES 8u
#define NAME_MAX_LEN	  256u
#define ATTRIBUTES_MOST	  4096u /* among which one is searched */

static const char *name_index(struct cpython *p, uint64_t index)
{
	return intern_format(p->heap->private->names, "[%lu]", index);
}

static const char *name_set_member(struct cpython *p)
{
	return heap_intern_name(p->heap, "list(_)[0]");
}

/* Words in front of the object: only the managed dict's are references. */
static const char *name_preheader(struct cpython *p, uint64_t distance)
{
	return distance == p->version->managed_dict ? heap_intern_name(p->heap, ".__dict__") : NULL;
}

static const char *name_inline_value(struct cpython *p, const struct cpython_class *c, uint64_t obj,
				     uint64_t addr)
{
	const uint64_t values = cpython_inline_values(p, obj);

	return values ? cpython_attribute_word(p, c->cached_keys, values, addr) : NULL;
}

static const char *name_by_shape(struct cpython *p, const struct cpython_class *c, uint64_t obj,
				 uint64_t offset)
{
	switch ((unsigned int)c->shape) {
	case CPYTHON_SHAPE_TUPLE:
		if (offset >= CPYTHON_TUPLE_ITEMS &&
		    offset < CPYTHON_TUPLE_ITEMS + cpython_length(p, obj) * 8)
			return name_index(p, (offset - CPYTHON_TUPLE_ITEMS) / 8);
		return NULL;
	case CPYTHON_SHAPE_SET:
	case CPYTHON_SHAPE_FROZENSET:
		if (offset >= CPYTHON_SET_SMALL_TABLE &&
		    offset < CPYTHON_SET_SMALL_TABLE + SET_SMALL_ENTRIES * CPYTHON_SET_ENTRY)
			return name_set_member(p);
		return NULL;
	case CPYTHON_SHAPE_FRAME:
	case CPYTHON_SHAPE_GENERATOR:
	case CPYTHON_SHAPE_COROUTINE:
	case CPYTHON_SHAPE_ASYNC_GENERATOR:
		return cpython_frame_member(p, c, obj, offset);
	default:
		return NULL;
	}
}

/* lxml's proxies keep their parts of libxml2's documents in C members. */
static const char *name_proxied(struct cpython *p, node_id to)
{
	const struct type *type = object_type(p->heap, to);

	if (type->provenance != PROVENANCE_LAYOUT)
		return NULL;
	if (!strcmp(type->name, "xmlDoc"))
		return heap_intern_name(p->heap, "._c_doc");
	return !strncmp(type->name, "xml", 3) ? heap_intern_name(p->heap, "._c_node") : NULL;
}

const char *cpython_object_word(struct cpython *p, const struct cpython_class *c, uint64_t obj,
				uint64_t addr)
{
	const char *name;

	if (addr < obj)
		return name_preheader(p, obj - addr);
	name = name_by_shape(p, c, obj, addr - obj);
	if (!name)
		name = cpython_member_name(p, c, addr - obj);
	if (!name)
		name = name_inline_value(p, c, obj, addr);
	if (!name && c->dictoffset < 0 && addr == cpython_dict_slot(p, obj))
		name = heap_intern_name(p->heap, ".__dict__");
	return name;
}

/* A reference that only its C code knows is called as Guppy calls it: by the attribute that has the
 * same object, as a module's state has what is in its dict.  (A class's attributes are its
 * instances'.) */
static const char *name_by_attribute(struct cpython *p, const struct cpython_class *c, uint64_t obj,
				     node_id to)
{
	const uint64_t value = object_addr(p->heap, to);
	struct cpython_items items;

	if (c->shape == CPYTHON_SHAPE_TYPE)
		return NULL;
	cpython_instance_open(p, obj, &items);
	while (items.nr <= ATTRIBUTES_MOST && cpython_items_next(&items)) {
		_cleanup_free_ char *key = NULL;

		if (items.value != value)
			continue;
		key = cpython_get_utf8(p, items.key, NAME_MAX_LEN);
		return key ? intern_format(p->heap->private->names, ".%s", key) : NULL;
	}
	return NULL;
}

static const char *name_object_word(struct cpython *p, const struct cpython_class *c, uint64_t obj,
				    uint64_t addr, node_id to)
{
	const char *name = cpython_object_word(p, c, obj, addr);

	if (addr < obj)
		return name;
	if (!name)
		name = cpython_item_name(p, c, addr - obj);
	if (!name)
		name = name_proxied(p, to);
	if (!name)
		name = name_by_attribute(p, c, obj, to);
	if (!name) /* from where its C code counts */
		name = intern_format(p->heap->private->names, ".+0x%lx", addr - obj);
	return name;
}

/* Slots of a deque's block; the first is numbered when the deque is first met. */
#define DEQUE_BLOCK_SLOTS 64u

static void number_deque(struct cpython *p, uint64_t deque)
{
	const uint64_t length = cpython_length(p, deque);
	uint64_t block = cpython_word(p, deque + CPYTHON_DEQUE_LEFT);
	uint64_t first = -cpython_word(p, deque + CPYTHON_DEQUE_LEFT_INDEX);

	for (uint64_t i = 0;
	     block && i <= length / DEQUE_BLOCK_SLOTS + 1 && i < p->heap->nr_objects; i++) {
		*map_find_or_insert(&p->names->deques, block, 0) = first;
		first += DEQUE_BLOCK_SLOTS;
		block = cpython_word(p, block + 8 + DEQUE_BLOCK_SLOTS * 8);
	}
}

/* A block of a deque: left link, 64 slots, right link. */
static const char *name_deque_word(struct cpython *p, uint64_t deque, uint64_t block, uint64_t addr)
{
	uint64_t *first = map_find_or_insert(&p->names->deques, block, 0);

	if (*first == MAP_EMPTY) {
		number_deque(p, deque);
		first = map_find_or_insert(&p->names->deques, block, 0);
	}
	if (*first == MAP_EMPTY || addr < block + 8)
		return NULL;
	return name_index(p, *first + (addr - block - 8) / 8);
}

static const char *name_values_word(struct cpython *p, const struct cpython_class *c, uint64_t obj,
				    uint64_t addr)
{
	const char *name = c->shape == CPYTHON_SHAPE_DICT ? cpython_dict_word(p, obj, addr) : NULL;

	return name ? name : name_inline_value(p, c, obj, addr);
}

/* struct _PyCoCached (3.12) */
static const char *name_code_cache(struct cpython *p, uint64_t offset)
{
	static const char *const names[] = { ".co_code", ".co_varnames", ".co_cellvars",
					     ".co_freevars" };

	return offset / 8 < 4 ? heap_intern_name(p->heap, names[offset / 8]) : NULL;
}

static const char *name_part_word(struct cpython *p, const struct cpython_class *c, uint64_t obj,
				  node_id from, uint64_t addr, node_id to)
{
	const char *name = name_by_attribute(p, c, obj, to);

	return name ? name : cpython_part_word(p, c, obj, from, addr);
}

/* The word at addr in block `from`, a table of the object at obj. */
static const char *name_table_word(struct cpython *p, const struct cpython_class *c, uint64_t obj,
				   node_id from, uint64_t addr, node_id to)
{
	const uint64_t start = dump_blocks(p->dump)->addr[from];

	switch ((enum cpython_table)p->table[from]) {
	case CPYTHON_TABLE_KEYS:
		if (c->shape == CPYTHON_SHAPE_TYPE) {
			const struct cpython_class *class = cpython_find_class(p, obj);

			return class ? cpython_shared_key_word(p, class->cached_keys, addr) : NULL;
		}
		return cpython_dict_word(p, obj, addr);
	case CPYTHON_TABLE_VALUES:
		return name_values_word(p, c, obj, addr);
	case CPYTHON_TABLE_ITEMS:
		return name_index(p, (addr - cpython_word(p, obj + CPYTHON_LIST_ITEMS)) / 8);
	case CPYTHON_TABLE_SET:
		return name_set_member(p);
	case CPYTHON_TABLE_DEQUE:
		return name_deque_word(p, obj, start, addr);
	case CPYTHON_TABLE_ARRAY:
		return heap_intern_name(p->heap, "[*]");
	case CPYTHON_TABLE_OTHER:
		return c->shape == CPYTHON_SHAPE_CODE ? name_code_cache(p, addr - start)
						      : name_part_word(p, c, obj, from, addr, to);
	case CPYTHON_TABLE_NONE:
	case CPYTHON_TABLE_BYTES:
	case CPYTHON_TABLE_FOREIGN:
	case CPYTHON_TABLE_DEFINITION:
	case CPYTHON_TABLE_FREE:
		return NULL;
	}
	return NULL;
}

const char *cpython_relation(struct heap *h, node_id from, uint64_t offset, node_id to)
{
	struct cpython *p = h->cpython;
	const node_id owner = h->owner[from];
	const uint64_t addr = dump_blocks(h->dump)->addr[from] + offset;
	const struct cpython_class *c = owner == NODE_NONE ? NULL : cpython_class_of(p, owner);

	if (from == p->interp_block)
		return cpython_interp_word(p, addr);
	if (!c)
		return NULL;
	if (!p->names)
		p->names = cpython_names_create(p->nr_classes);
	if (owner == from)
		return name_object_word(p, c, object_addr(h, owner), addr, to);
	return name_table_word(p, c, object_addr(h, owner), from, addr, to);
}

/* Of extensions' own memory and of members that nothing names only the bytes tell; but no number
 * looks like a reference to a Python object, or to a part of a document. */
static enum word_use use_of_target(struct cpython *p, uint64_t addr)
{
	const uint64_t word = cpython_word(p, addr);
	const node_id to = dump_find_block(p->dump, word);

	return to != NODE_NONE && word == object_addr(p->heap, to) &&
			       (cpython_class_of(p, to) || name_proxied(p, to))
		       ? WORD_POINTER
		       : WORD_UNKNOWN;
}

static bool is_named_word(struct cpython *p, const struct cpython_class *c, uint64_t obj,
			  uint64_t addr)
{
	if (!p->names)
		p->names = cpython_names_create(p->nr_classes);
	return addr == obj + CPYTHON_OB_TYPE || cpython_object_word(p, c, obj, addr) ||
	       (addr > obj && cpython_item_name(p, c, addr - obj));
}

static enum word_use cpython_use(struct heap *h, node_id from, uint64_t offset)
{
	struct cpython *p = h->cpython;
	const node_id owner = h->owner[from];
	const struct cpython_class *c = owner == NODE_NONE ? NULL : cpython_class_of(p, owner);
	const uint64_t addr = dump_blocks(h->dump)->addr[from] + offset;

	if (from == p->interp_block)
		return WORD_POINTER;
	if (!c)
		return WORD_UNKNOWN;
	if (owner == from ? is_named_word(p, c, object_addr(h, owner), addr)
			  : p->table[from] != CPYTHON_TABLE_OTHER || c->shape == CPYTHON_SHAPE_CODE)
		return WORD_POINTER;
	return use_of_target(p, addr);
}

/* What the interpreter holds by itself: frames on the data stacks, classes that are no blocks. */
static const char *root_relation(struct heap *h, node_id from, uint64_t offset, node_id to)
{
	struct cpython *p = h->cpython;
	const struct root *root = &h->roots[from - h->nr_objects];
	const uint64_t addr = root->addr + offset;

	(void)to;
	if (!p->names)
		p->names = cpython_names_create(p->nr_classes);
	if (root->kind == ROOT_GLOBAL)
		return cpython_static_word(p, addr);
	if (root->kind != ROOT_RANGE)
		return NULL;

	const struct cpython_frame *frame = cpython_frames_find(p->frames, addr);

	return frame ? cpython_frame_word(p, frame->addr, addr) : NULL;
}

static enum word_use root_use(struct heap *h, node_id from, uint64_t offset)
{
	return root_relation(h, from, offset, NODE_NONE) ? WORD_POINTER : WORD_UNKNOWN;
}

static const char *root_holder(struct heap *h, node_id from, uint64_t offset)
{
	struct cpython *p = h->cpython;
	const struct root *root = &h->roots[from - h->nr_objects];
	const uint64_t addr = root->addr + offset;

	if (root->kind == ROOT_GLOBAL)
		return cpython_static_holder(p, addr);
	if (root->kind == ROOT_RANGE && cpython_frames_find(p->frames, addr))
		return heap_intern_name(h, "types.FrameType");
	return NULL;
}

const struct type_ops cpython_root_ops = {
	.is_edge = cpython_is_root_edge,
	.relation = root_relation,
	.use = root_use,
	.holder = root_holder,
};

const struct type_ops cpython_ops = {
	.is_edge = cpython_is_edge,
	.edge_words = cpython_edge_words,
	.is_target = cpython_is_target,
	.relation = cpython_relation,
	.weigh = cpython_weigh,
	.use = cpython_use,
};
