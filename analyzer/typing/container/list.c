/* SPDX-License-Identifier: MIT */
/*
 * Nodes of std::list, and of forward_list, whose object is one word.  The object is { next, prev,
 * count }, a node { next, prev, value } (libc++ has prev first, which makes the same ring the other
 * way round): from the object through `count` nodes of one size back to the object, each known to
 * its neighbours.
 */
#include "typing/container/shape.h"

#define NODE_VALUE    16u
#define FORWARD_VALUE 8u

/* The node at addr; NODE_NONE: there is none of that size and with that prev. */
static node_id find_node(const struct containers *c, uint64_t addr, uint64_t size, uint64_t prev)
{
	const node_id node = shape_find_new(c, addr);
	const uint8_t *bytes;

	if (node == NODE_NONE || c->blocks->size[node] != size)
		return NODE_NONE;
	bytes = dump_block_bytes(c->heap->dump, node);
	return bytes && load_word(bytes, 8) == prev ? node : NODE_NONE;
}

void shape_list(struct containers *c, const struct span *s, uint64_t offset, node_id block)
{
	const uint64_t size = c->blocks->size[block], object = s->addr + offset;
	uint64_t addr = c->blocks->addr[block], prev = object;

	if (size <= NODE_VALUE || !span_has(s, offset, 0, 16))
		return;

	/* A node may be the head of a ring, too, and each node begins as a list does. */
	if (!node_is_root(c->heap, s->node) && !(s->origin + offset) &&
	    c->blocks->size[s->node] == size)
		return;

	const uint64_t count = load_word(s->bytes, offset + 16);

	if (!count || count > c->heap->nr_objects || !shape_could_make(c, block, MAKER_LIST))
		return;
	for (uint64_t i = 0; i < count; i++) {
		const node_id node = find_node(c, addr, size, prev);

		if (node == NODE_NONE)
			return;
		shape_collect(c, node, i);
		prev = addr;
		addr = load_word(dump_block_bytes(c->heap->dump, node), 0);
	}
	if (addr != object || prev != load_word(s->bytes, offset + 8))
		return;

	const struct container_part part = {
		.role = CONTAINER_LIST_NODE,
		.holder = s->node,
		.offset = s->origin + offset,
		.is_llvm = c->has_llvm,
		.start = NODE_VALUE,
	};

	shape_claim_nodes(c, &part, count);
}

void shape_forward_list(struct containers *c, const struct span *s, uint64_t offset, node_id block)
{
	const uint64_t size = c->blocks->size[block];
	uint64_t addr = c->blocks->addr[block], nr = 0;

	while (addr && nr < c->heap->nr_objects) {
		const node_id node = shape_find_new(c, addr);
		const uint8_t *bytes =
			node == NODE_NONE ? NULL : dump_block_bytes(c->heap->dump, node);

		if (!bytes || c->blocks->size[node] != size || size <= FORWARD_VALUE)
			return;
		shape_collect(c, node, nr++);
		addr = load_word(bytes, 0);
	}

	const struct container_part part = {
		.role = CONTAINER_FORWARD_NODE,
		.holder = s->node,
		.offset = s->origin + offset,
		.is_llvm = c->has_llvm,
		.start = FORWARD_VALUE,
	};

	shape_claim_nodes(c, &part, nr);
}
