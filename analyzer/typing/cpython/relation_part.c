/* SPDX-License-Identifier: MIT */
/*
 * Names of the words in an object's parts: blocks that its C code allocates for it and that are no
 * tables of Python's own.  A part is called by the word that points to it, "->handlers[3]"; the
 * nodes of an OrderedDict and the children of an Element by what they are to a Python programmer.
 * One thread.
 */
#include "heap/private.h"
#include "typing/cpython/element.h"
#include "typing/cpython/names.h"

#define DEPTH_MAX  4u	 /* parts of parts */
#define LONG_BYTES 1024u /* of longer parts no index is told */
#define NODE_KEY   0u	 /* OrderedDict's nodes: { key, hash, next, previous } */
#define NODE_SIZE  32u

static const char *name_element(struct cpython *p, uint64_t obj, node_id from, uint64_t addr)
{
	const uint64_t block = dump_blocks(p->dump)->addr[from];
	uint64_t index;

	if (addr == cpython_word(p, obj + ELEMENT_EXTRA) + EXTRA_ATTRIB)
		return heap_intern_name(p->heap, ".attrib");
	return cpython_element_child(p, obj, block, addr - block, &index)
		       ? intern_format(p->heap->private->names, "[%lu]", index)
		       : NULL;
}

static void number_keys(struct cpython *p, uint64_t dict)
{
	struct cpython_items items;
	uint64_t nr = 0;

	*map_find_or_insert(&p->names->keys, dict, 0) = 0;
	for (cpython_dict_open(p, dict, &items); cpython_items_next(&items); nr++)
		*map_find_or_insert(&p->names->keys, dict, items.key) = nr;
}

/* The node's key is a key of the dict. */
static const char *name_node(struct cpython *p, uint64_t dict, uint64_t block, uint64_t addr)
{
	uint64_t nr;

	if (addr - block != NODE_KEY)
		return NULL;
	if (map_find(&p->names->keys, dict, 0) == MAP_EMPTY)
		number_keys(p, dict);
	nr = map_find(&p->names->keys, dict, cpython_word(p, addr));
	return nr == MAP_EMPTY ? NULL : intern_format(p->heap->private->names, ".keys()[%lu]", nr);
}

/* The offset of the word in block n that is `word`; false: there is none. */
static bool find_word(const struct cpython *p, node_id n, uint64_t from, uint64_t word,
		      uint64_t *offset)
{
	const uint64_t addr = dump_blocks(p->dump)->addr[n];

	for (*offset = from; *offset + 8 <= block_size(p->heap, n); *offset += 8)
		if (cpython_word(p, addr + *offset) == word)
			return true;
	return false;
}

static const char *name_part(struct cpython *p, const struct cpython_class *c, node_id part,
			     unsigned int depth);

static const char *find_part_name(struct cpython *p, const struct cpython_class *c, node_id part,
				  unsigned int depth)
{
	const struct heap *h = p->heap;
	const node_id owner = h->owner[part];
	const uint64_t start = dump_blocks(p->dump)->addr[part];
	uint64_t offset;

	if (find_word(p, owner, h->head[owner] + CPYTHON_OB_SIZE, start, &offset)) {
		const char *name = cpython_member_name(p, c, offset - h->head[owner]);

		return name ? name
			    : intern_format(h->private->names, ".+0x%lx", offset - h->head[owner]);
	}
	for (node_id t = h->next_table[owner]; t != NODE_NONE; t = h->next_table[t]) {
		if (t == part || p->table[t] != CPYTHON_TABLE_OTHER ||
		    !find_word(p, t, 0, start, &offset))
			continue;

		const char *outer = name_part(p, c, t, depth + 1);

		return outer ? intern_format(h->private->names, "%s[%lu]", outer, offset / 8)
			     : NULL;
	}
	return NULL;
}

/* "->handlers"; NULL: nobody knows. */
static const char *name_part(struct cpython *p, const struct cpython_class *c, node_id part,
			     unsigned int depth)
{
	uint64_t known = map_find(&p->names->parts, part, 0);

	if (known == MAP_EMPTY) {
		known = depth < DEPTH_MAX ? (uintptr_t)find_part_name(p, c, part, depth) : 0;
		*map_find_or_insert(&p->names->parts, part, 0) = known;
	}
	return (const char *)(uintptr_t)known;
}

const char *cpython_part_word(struct cpython *p, const struct cpython_class *c, uint64_t obj,
			      node_id part, uint64_t addr)
{
	const uint64_t block = dump_blocks(p->dump)->addr[part];
	const struct heap_private *private = p->heap->private;
	const char *name = NULL;

	if (c->shape == CPYTHON_SHAPE_ORDERED_DICT && block_size(p->heap, part) == NODE_SIZE)
		return name_node(p, obj, block, addr);
	if (c->shape == CPYTHON_SHAPE_ELEMENT)
		name = name_element(p, obj, part, addr);
	if (name)
		return name;
	name = name_part(p, c, part, 0);
	if (!name)
		return NULL;
	if (block_size(p->heap, part) > LONG_BYTES && !private->options.exact_index)
		return intern_format(private->names, "%s[*]", name);
	return intern_format(private->names, "%s[%lu]", name, (addr - block) / 8);
}
