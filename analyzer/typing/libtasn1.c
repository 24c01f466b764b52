/* SPDX-License-Identifier: MIT */
/*
 * The syntax trees of libtasn1, some hundred nodes in every program that uses GnuTLS, by the layout
 * that they have had since 4.17: { name[65], hash, type, value, length, down, right, left, small
 * value[16] ... }.  A node hangs in its tree from both sides.
 */
#include <string.h>

#include "base/mem.h"
#include "base/word.h"
#include "typing/recogniser.h"

#define NODE_SIZE     176u
#define NODE_NAME_END 65u
#define NODE_VALUE    80u
#define NODE_DOWN     96u
#define NODE_RIGHT    104u
#define NODE_LEFT     112u
#define NODE_SMALL    120u

/* The node that begins at addr; NULL: none can. */
static const uint8_t *find_node(const struct typing *t, uint64_t addr)
{
	const uint32_t n = addr ? dump_find_block(t->heap->dump, addr) : UINT32_MAX;

	if (n == UINT32_MAX || t->blocks->addr[n] != addr || t->blocks->size[n] != NODE_SIZE)
		return NULL;
	return dump_block_bytes(t->heap->dump, n);
}

/* Null or the start of a block, or the node's own room for a value. */
static bool is_value(const struct typing *t, uint64_t value, uint64_t addr)
{
	const uint32_t n = value ? dump_find_block(t->heap->dump, value) : UINT32_MAX;

	return !value || value == addr + NODE_SMALL ||
	       (n != UINT32_MAX && t->blocks->addr[n] == value);
}

/* The other side of a link leads back. */
static bool leads_back(const struct typing *t, uint64_t link, uint64_t back, uint64_t addr)
{
	const uint8_t *other = find_node(t, link);

	return other && load_word(other, back) == addr;
}

/* The node above, of which this is the first, or the one before. */
static bool is_left_of(const struct typing *t, uint64_t left, uint64_t addr)
{
	return leads_back(t, left, NODE_DOWN, addr) || leads_back(t, left, NODE_RIGHT, addr);
}

static bool is_linked(const struct typing *t, const uint8_t *bytes, uint64_t addr)
{
	const uint64_t down = load_word(bytes, NODE_DOWN), right = load_word(bytes, NODE_RIGHT),
		       left = load_word(bytes, NODE_LEFT);

	return (down || left) && (!down || leads_back(t, down, NODE_LEFT, addr)) &&
	       (!right || leads_back(t, right, NODE_LEFT, addr)) &&
	       (!left || is_left_of(t, left, addr));
}

static const char *name_word(uint64_t offset)
{
	switch (offset) {
	case NODE_VALUE:
		return ".value";
	case NODE_DOWN:
		return ".down";
	case NODE_RIGHT:
		return ".right";
	case NODE_LEFT:
		return ".left";
	default:
		return NULL;
	}
}

static const char *node_relation(struct heap *h, node_id from, uint64_t offset, node_id to)
{
	const char *name = name_word(offset);

	(void)from, (void)to;
	return name ? heap_intern_name(h, name) : NULL;
}

static enum word_use node_use(struct heap *h, node_id from, uint64_t offset)
{
	(void)h, (void)from;
	return name_word(offset) ? WORD_POINTER : WORD_UNKNOWN;
}

/* A small value lies in its node. */
static bool node_is_edge(const struct heap *h, node_id from, uint64_t offset, node_id to)
{
	(void)h, (void)offset;
	return from != to;
}

static const struct type_ops node_ops = {
	.is_edge = node_is_edge,
	.relation = node_relation,
	.use = node_use,
};

uint32_t recognise_libtasn1(struct typing *t, node_id n, const uint8_t *bytes, uint64_t size)
{
	const uint64_t addr = t->blocks->addr[n];

	if (!bytes || size != NODE_SIZE || !memchr(bytes, 0, NODE_NAME_END) ||
	    !is_value(t, load_word(bytes, NODE_VALUE), addr) || !is_linked(t, bytes, addr))
		return TYPE_UNSURE;

	const uint32_t type =
		heap_intern_type(t->heap, "struct asn1_node_st", PROVENANCE_LAYOUT, 0);

	t->heap->types[type].ops = &node_ops;
	return type;
}
