/* SPDX-License-Identifier: MIT */
/*
 * Nodes of std::set, map, multiset and multimap: red-black trees in which every node knows its
 * parent, and the root the object.
 *
 *	libstdc++  object { colour, root, leftmost, rightmost, count }
 *		   node   { colour, parent, left, right, value }; the root's parent is the object
 *	libc++     object { leftmost, root, count }
 *		   node   { left, right, parent, colour, value }; the root's is the word `root`
 *
 * All nodes have one size, each has the parent from which it was reached, and there are as many as
 * the object says.
 */
#include "typing/container/shape.h"

struct tree_layout {
	uint64_t left, right, parent, colour; /* offsets in a node */
	uint64_t value;
	bool has_wide_colour; /* an int, else a byte */
};

static const struct tree_layout gnu = {
	.colour = 0,
	.parent = 8,
	.left = 16,
	.right = 24,
	.value = 32,
	.has_wide_colour = true,
};
static const struct tree_layout llvm = {
	.left = 0,
	.right = 8,
	.parent = 16,
	.colour = 24,
	.value = 32,
};

struct tree {
	struct containers *c;
	const struct tree_layout *layout;
	uint64_t size; /* of a node's block */
	uint64_t top;  /* the root's parent */
	uint64_t root, count;
};

/* The node at addr, whose parent is that; NODE_NONE: there is none. */
static node_id find_node(const struct tree *t, uint64_t addr, uint64_t parent)
{
	const struct tree_layout *l = t->layout;
	const node_id node = shape_find_new(t->c, addr);
	const uint8_t *bytes;

	if (node == NODE_NONE || t->c->blocks->size[node] != t->size)
		return NODE_NONE;
	bytes = dump_block_bytes(t->c->heap->dump, node);
	if (!bytes || load_word(bytes, l->parent) != parent)
		return NODE_NONE;

	const uint32_t colour = l->has_wide_colour ? load_half(bytes, l->colour) : bytes[l->colour];

	return colour <= 1 ? node : NODE_NONE;
}

static uint64_t node_link(const struct tree *t, uint64_t addr, uint64_t link)
{
	return load_word(dump_block_bytes(t->c->heap->dump, shape_find_new(t->c, addr)), link);
}

/* The node at the end of all lefts, or rights; its nodes are known to be sound. */
static uint64_t find_outermost(const struct tree *t, uint64_t link)
{
	uint64_t addr = t->root, next;

	while ((next = node_link(t, addr, link)))
		addr = next;
	return addr;
}

/* The node that comes after all below addr; 0: addr was the last. */
static uint64_t leave_node(const struct tree *t, uint64_t addr, uint64_t *parent)
{
	const struct tree_layout *l = t->layout;

	while ((*parent = node_link(t, addr, l->parent)) != t->top) {
		const uint64_t right = node_link(t, *parent, l->right);

		if (right && right != addr)
			return right;
		addr = *parent;
	}
	return 0;
}

/* All nodes, parents first.  False: it is no tree. */
static bool collect_nodes(const struct tree *t)
{
	const struct tree_layout *l = t->layout;
	uint64_t addr = t->root, parent = t->top, nr = 0;

	while (addr) {
		const node_id node = find_node(t, addr, parent);

		if (node == NODE_NONE || nr == t->count)
			return false;
		shape_collect(t->c, node, nr++);
		parent = addr;
		addr = node_link(t, parent, l->left);
		if (!addr)
			addr = node_link(t, parent, l->right);
		if (!addr)
			addr = leave_node(t, parent, &parent);
	}
	return nr == t->count;
}

/* leftmost, rightmost: what the object says; 0: it does not. */
static void try_tree(struct tree *t, const struct span *s, uint64_t offset, uint64_t leftmost,
		     uint64_t rightmost)
{
	if (!t->count || t->count > t->c->heap->nr_objects || t->size < t->layout->value ||
	    find_node(t, t->root, t->top) == NODE_NONE || !collect_nodes(t) ||
	    leftmost != find_outermost(t, t->layout->left) ||
	    (rightmost && rightmost != find_outermost(t, t->layout->right)))
		return;

	const struct container_part part = {
		.role = CONTAINER_TREE_NODE,
		.holder = s->node,
		.offset = s->origin + offset,
		.is_llvm = t->layout == &llvm,
		.start = t->layout->value,
	};

	shape_claim_nodes(t->c, &part, t->count);
}

void shape_tree(struct containers *c, const struct span *s, uint64_t offset, node_id block)
{
	struct tree t = {
		.c = c,
		.size = c->blocks->size[block],
		.root = c->blocks->addr[block],
	};

	if (span_has(s, offset, -8, 24) && load_word(s->bytes, offset + 16) &&
	    !load_half(s->bytes, offset - 8)) {
		t.layout = &gnu;
		t.top = s->addr + offset - 8;
		t.count = load_word(s->bytes, offset + 24);
		try_tree(&t, s, offset, load_word(s->bytes, offset + 8),
			 load_word(s->bytes, offset + 16));
	}
	if (span_has(s, offset, -8, 8)) {
		t.layout = &llvm;
		t.top = s->addr + offset;
		t.count = load_word(s->bytes, offset + 8);
		try_tree(&t, s, offset, load_word(s->bytes, offset - 8), 0);
	}
}
