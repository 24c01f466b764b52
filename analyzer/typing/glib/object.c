/* SPDX-License-Identifier: MIT */
/*
 * GObject's types and their instances.  A type that derives from another has a node in memory, to
 * which its own entry in its list of ancestors leads back; the node leads to its class, whose first
 * word is the node's address, and an instance begins with the address of its class.  What a class
 * keeps to itself lies in front of the instance, in the same block.
 *
 *	TypeNode	20 number of ancestors (8 bits), 24 children, 32 data, 40 name (a quark), 72
 *			ancestors from itself on, the last one a small number, and 0
 *	TypeData	56 class, 64 bytes of an instance (16 bits), 66 bytes in front of it
 *	GTypeClass	0 type: the node, or of GObject and its like the small number
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "typing/glib/glib.h"

#define NODE_SUPERS	   72u
#define NODE_NR_SUPERS	   20u
#define NODE_DATA	   32u
#define NODE_NAME	   40u
#define NODE_SIZE_MIN	   88u
#define FUNDAMENTAL_MAX	   (255u << 2)
#define FUNDAMENTAL_PREFIX 8u /* bytes in front of the node of a type that derives from none */
#define DATA_CLASS	   56u
#define DATA_SIZE_MIN	   80u
#define CLASS_POINTER_SIZE 8u
#define QUARKS_MIN	   (2048u * 8)
#define NAME_LEN_MAX	   256u

struct glib_class {
	const uint8_t *node;
	uint64_t id; /* GType */
	node_id node_block, data_block, class_block;
	uint64_t class_addr;
	uint64_t instance, in_front; /* bytes; 0: has no instances */
	const char *name;	     /* interned; NULL: not known */
	uint32_t type;
	uint32_t next; /* of that size in all, index + 1 */
};

struct classes {
	struct glib *g;
	struct glib_class *items;
	size_t nr, room;
	struct map by_id;    /* (GType, 0) -> index */
	struct map by_class; /* (address of the class, 0) -> index */
	struct map by_size;  /* (bytes in front and of the instance, 0) -> index of the first */
	node_id quarks;
};

static bool is_fundamental(uint64_t id)
{
	return id && id <= FUNDAMENTAL_MAX && id % 4 == 0;
}

/* Is there a node at those bytes, which are all that the block has from there on? */
static bool is_node(const uint8_t *node, uint64_t size, uint64_t id)
{
	const uint64_t nr_supers = size > NODE_SUPERS ? node[NODE_NR_SUPERS] : 0;

	return size == NODE_SUPERS + 8 * (nr_supers + 2) && load_word(node, NODE_SUPERS) == id &&
	       is_fundamental(load_word(node, NODE_SUPERS + 8 * nr_supers)) &&
	       !load_word(node, NODE_SUPERS + 8 * (nr_supers + 1));
}

static void read_class(const struct glib *g, struct glib_class *c)
{
	const struct dump *d = g->heap->dump;
	const uint64_t addr = load_word(c->node, NODE_DATA);
	const node_id data = addr ? dump_find_block(d, addr) : NODE_NONE;
	const uint8_t *bytes = data == NODE_NONE || g->blocks->addr[data] != addr ||
					       g->blocks->size[data] < DATA_SIZE_MIN
				       ? NULL
				       : dump_block_bytes(d, data);
	const uint8_t *class = bytes && load_word(bytes, DATA_CLASS)
				       ? dump_find_bytes(d, load_word(bytes, DATA_CLASS), 8)
				       : NULL;

	c->data_block = c->class_block = NODE_NONE;
	if (!class || load_word(class, 0) != c->id)
		return;
	c->data_block = data;
	c->class_addr = load_word(bytes, DATA_CLASS);
	c->class_block = dump_find_block(d, c->class_addr);
	c->instance = load_half(bytes, 64) & 0xffff;
	c->in_front = load_half(bytes, 64) >> 16;
}

static void add_node(struct classes *cs, node_id n, const uint8_t *node, uint64_t id)
{
	cs->items = array_grow(cs->items, cs->nr, &cs->room, sizeof(*cs->items));

	struct glib_class *c = &cs->items[cs->nr];

	*c = (struct glib_class){ .node = node, .id = id, .node_block = n };
	read_class(cs->g, c);
	*map_find_or_insert(&cs->by_id, id, 0) = cs->nr++;
}

static void find_nodes(struct classes *cs)
{
	const struct glib *g = cs->g;

	for (node_id n = 0; n < g->heap->nr_objects; n++) {
		const uint64_t size = g->blocks->size[n];
		const uint8_t *bytes = size >= NODE_SIZE_MIN && size < NODE_SUPERS + 8 * 258 &&
						       object_is_open(g->heap, n)
					       ? dump_block_bytes(g->heap->dump, n)
					       : NULL;

		if (!bytes)
			continue;
		if (is_node(bytes, size, g->blocks->addr[n])) {
			add_node(cs, n, bytes, g->blocks->addr[n]);
			continue;
		}

		const uint8_t *node = bytes + FUNDAMENTAL_PREFIX;
		const uint64_t id = load_word(node, NODE_SUPERS);

		if (is_fundamental(id) && !node[NODE_NR_SUPERS] &&
		    is_node(node, size - FUNDAMENTAL_PREFIX, id))
			add_node(cs, n, node, id);
	}
}

static const uint8_t *read_byte(const struct glib *g, uint64_t addr)
{
	const uint8_t *byte = dump_find_bytes(g->heap->dump, addr, 1);

	return byte ? byte : symbols_find_bytes(g->heap->symbols, addr, 1);
}

/* A type's name, as g_type_register takes them; interned.  *is_readable: are there bytes? */
static const char *read_name(const struct glib *g, uint64_t addr, bool *is_readable)
{
	char name[NAME_LEN_MAX];

	for (size_t i = 0; i < sizeof(name); i++) {
		const uint8_t *byte = read_byte(g, addr + i);

		*is_readable = byte;
		if (!byte)
			return NULL;
		name[i] = (char)*byte;
		if (!*byte)
			return i ? heap_intern_name(g->heap, name) : NULL;
		if (!isalpha(*byte) && *byte != '_' &&
		    !(i && (isdigit(*byte) || strchr("-+", *byte))))
			return NULL;
	}
	return NULL;
}

/* Does the block, as the table of quarks, have a name for each type? */
static bool has_names(struct classes *cs, node_id n)
{
	const uint8_t *bytes = dump_block_bytes(cs->g->heap->dump, n);
	size_t nr_names = 0;

	if (!bytes || load_word(bytes, 0))
		return false;
	for (size_t i = 0; i < cs->nr; i++) {
		const uint64_t at = load_half(cs->items[i].node, NODE_NAME) * 8ul;
		bool is_readable;

		if (!at || at + 8 > cs->g->blocks->size[n])
			return false;
		if (read_name(cs->g, load_word(bytes, at), &is_readable))
			nr_names++;
		else if (is_readable || !load_word(bytes, at))
			return false;
	}
	return nr_names;
}

static void find_quarks(struct classes *cs)
{
	const struct glib *g = cs->g;

	cs->quarks = NODE_NONE;
	for (node_id n = 0; n < g->heap->nr_objects && cs->quarks == NODE_NONE; n++) {
		if (g->blocks->size[n] >= QUARKS_MIN && g->blocks->size[n] % 8 == 0 &&
		    object_is_open(g->heap, n) && has_names(cs, n))
			cs->quarks = n;
	}
}

static void read_names(struct classes *cs)
{
	const uint8_t *quarks = dump_block_bytes(cs->g->heap->dump, cs->quarks);

	for (size_t i = 0; i < cs->nr; i++) {
		const uint64_t at = load_half(cs->items[i].node, NODE_NAME) * 8ul;
		bool is_readable;

		cs->items[i].name = read_name(cs->g, load_word(quarks, at), &is_readable);
	}
}

/* Of the types it derives from, each ended by a newline. */
static const char *base_names(const struct classes *cs, const struct glib_class *c)
{
	_cleanup_free_ char *names = xstrdup("");

	for (unsigned int i = 1; i <= c->node[NODE_NR_SUPERS]; i++) {
		const uint64_t index =
			map_find(&cs->by_id, load_word(c->node, NODE_SUPERS + i * 8), 0);
		const char *name = index == MAP_EMPTY ? NULL : cs->items[index].name;
		_cleanup_free_ char *before = names;

		names = xasprintf("%s%s%s", before, name ? name : "", name ? "\n" : "");
	}
	return heap_intern_name(cs->g->heap, names);
}

static uint32_t intern_type(struct classes *cs, const char *name)
{
	struct heap *h = cs->g->heap;
	const uint32_t type = heap_intern_type(h, name, PROVENANCE_LAYOUT, 0);

	h->types[type].ops = &glib_ops;
	return type;
}

/* The class's own memory, and that of what describes it. */
static void name_class(struct classes *cs, struct glib_class *c)
{
	struct heap *h = cs->g->heap;

	glib_name(cs->g, c->node_block, GLIB_TYPE_NODE);
	if (c->data_block != NODE_NONE)
		glib_name(cs->g, c->data_block, GLIB_TYPE_DATA);
	if (!c->name || c->class_block == NODE_NONE ||
	    !object_is_open(cs->g->heap, c->class_block) ||
	    cs->g->blocks->addr[c->class_block] != c->class_addr)
		return;

	_cleanup_free_ char *name = xasprintf("%sClass", c->name);

	h->type[c->class_block] = intern_type(cs, name);
}

static void add_instances_of(struct classes *cs, size_t index)
{
	struct glib_class *c = &cs->items[index];
	uint64_t *first;

	if (!c->name || c->instance < CLASS_POINTER_SIZE)
		return;
	c->type = intern_type(cs, c->name);
	cs->g->heap->types[c->type].bases = base_names(cs, c);
	first = map_find_or_insert(&cs->by_size, c->instance + c->in_front, 0);
	c->next = *first == MAP_EMPTY ? 0 : *first + 1;
	*first = index;
	*map_find_or_insert(&cs->by_class, c->class_addr, 0) = index;
}

/* The class that block n is an instance of; NULL: none. */
static const struct glib_class *find_class(const struct classes *cs, node_id n)
{
	const uint64_t first = map_find(&cs->by_size, cs->g->blocks->size[n], 0);
	const uint8_t *bytes = first == MAP_EMPTY ? NULL : dump_block_bytes(cs->g->heap->dump, n);

	for (uint64_t i = bytes ? first + 1 : 0; i; i = cs->items[i - 1].next) {
		if (load_word(bytes, cs->items[i - 1].in_front) == cs->items[i - 1].class_addr)
			return &cs->items[i - 1];
	}
	return NULL;
}

static void name_instances(struct classes *cs)
{
	struct heap *h = cs->g->heap;

	for (node_id n = 0; n < h->nr_objects; n++) {
		const struct glib_class *c =
			object_is_open(cs->g->heap, n) ? find_class(cs, n) : NULL;

		if (!c)
			continue;
		h->type[n] = c->type;
		h->head[n] = (uint16_t)c->in_front;
	}
}

/* Those in slabs: every word that leads to a class whose instances have the chunks' size. */
static void find_inside(struct classes *cs, node_id slab)
{
	struct glib *g = cs->g;
	const uint64_t chunk = glib_chunk_size(g, slab), size = g->blocks->size[slab];
	const uint8_t *bytes = dump_block_bytes(g->heap->dump, slab);

	for (uint64_t at = 0; bytes && at + 8 <= size; at += GLIB_CHUNK_ALIGN) {
		const uint64_t index = map_find(&cs->by_class, load_word(bytes, at), 0);
		const struct glib_class *c = index == MAP_EMPTY ? NULL : &cs->items[index];
		const uint64_t all = c ? c->instance + c->in_front : 0;

		if (c && all <= chunk && all + GLIB_CHUNK_ALIGN > chunk && at >= c->in_front &&
		    at + c->instance <= size)
			glib_add_inside(g,
					&(struct glib_place){ slab, at - c->in_front,
							      bytes + at - c->in_front, all, true },
					c->type);
	}
}

void glib_settle_objects(struct glib *g)
{
	struct classes cs = { .g = g };

	find_nodes(&cs);
	find_quarks(&cs);
	if (cs.nr && cs.quarks != NODE_NONE) {
		read_names(&cs);
		glib_name(g, cs.quarks, GLIB_QUARKS);
		for (size_t i = 0; i < cs.nr; i++) {
			name_class(&cs, &cs.items[i]);
			add_instances_of(&cs, i);
		}
		name_instances(&cs);
		for (size_t i = 0; i < g->nr_slabs; i++)
			find_inside(&cs, g->slabs[i]);
	}
	free(cs.items);
	map_deinit(&cs.by_class);
	map_deinit(&cs.by_id);
	map_deinit(&cs.by_size);
}
