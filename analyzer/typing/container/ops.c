/* SPDX-License-Identifier: MIT */
/*
 * What is known of the words of containers' blocks without knowing what is in them: links, which
 * nobody who asks what holds an object wants to read of; values, "[*]" of the container; and room.
 * And which object each block counts for: the one that the container lies in.
 */
#include "base/mem.h"
#include "heap/fold.h"
#include "typing/container/shape.h"
#include "typing/native/container.h"

#define LINKS_MAX 4

/* The words in front of a node's value. */
static const struct {
	enum container_role role;
	bool is_llvm;
	const char *links[LINKS_MAX];
} layouts[] = {
	{ CONTAINER_LIST_NODE, false, { ".next", ".prev" } },
	{ CONTAINER_LIST_NODE, true, { ".prev", ".next" } },
	{ CONTAINER_FORWARD_NODE, false, { ".next" } },
	{ CONTAINER_FORWARD_NODE, true, { ".next" } },
	{ CONTAINER_TREE_NODE, false, { NULL, ".parent", ".left", ".right" } },
	{ CONTAINER_TREE_NODE, true, { ".left", ".right", ".parent" } },
	{ CONTAINER_HASH_NODE, false, { ".next" } },
	{ CONTAINER_HASH_NODE, true, { ".next" } },
};

bool container_is_node(enum container_role role)
{
	return role == CONTAINER_LIST_NODE || role == CONTAINER_FORWARD_NODE ||
	       role == CONTAINER_TREE_NODE || role == CONTAINER_HASH_NODE;
}

const char *container_find_link(const struct container_part *part, uint64_t offset)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		if (layouts[i].role == part->role && layouts[i].is_llvm == part->is_llvm)
			return offset / 8 < LINKS_MAX ? layouts[i].links[offset / 8] : NULL;
	}
	return NULL;
}

/* A word that leads from one block of the container to the next. */
static bool is_link(const struct container_part *part, uint64_t offset)
{
	return part->role == CONTAINER_BUCKETS || part->role == CONTAINER_DEQUE_MAP ||
	       (container_is_node(part->role) && offset < part->start);
}

static const char *container_relation(struct heap *h, node_id from, uint64_t offset, node_id to)
{
	const struct container_part *part = container_find_part(h, from);

	(void)to;
	if (!part)
		return NULL;
	if (container_is_node(part->role) && offset < part->start) {
		const char *link = container_find_link(part, offset);

		return link ? heap_intern_name(h, link) : NULL;
	}
	if (!container_is_node(part->role) || offset == part->start)
		return heap_intern_name(h, "[*]");

	_cleanup_free_ char *name = xasprintf("[*].+0x%lx", offset - part->start);

	return heap_intern_name(h, name);
}

static enum relation_weight container_weigh(const struct heap *h, node_id from, uint64_t offset,
					    const char *relation)
{
	const struct container_part *part =
		node_is_root(h, from) ? NULL : container_find_part(h, from);

	(void)relation;
	return part && is_link(part, offset) ? RELATION_QUIET : RELATION_TOLD;
}

static enum word_use container_use(struct heap *h, node_id from, uint64_t offset)
{
	const struct container_part *part = container_find_part(h, from);

	if (!part)
		return WORD_UNKNOWN;
	if (!container_is_node(part->role) && (offset < part->start || offset >= part->end))
		return WORD_SLACK;
	return is_link(part, offset) ? WORD_POINTER : WORD_UNKNOWN;
}

const struct type_ops container_ops = {
	.relation = container_relation,
	.weigh = container_weigh,
	.use = container_use,
};

/* Is the block still what it was found to be, whatever else is known of it? */
static bool is_of_container(const struct heap *h, node_id n)
{
	const struct type_ops *ops = object_type(h, n)->ops;

	return ops == &container_ops || ops == &container_typed_ops;
}

void container_offer_parts(struct heap *h)
{
	for (node_id n = 0; n < h->nr_objects; n++) {
		const struct container_part *part = container_find_part(h, n);

		if (part && is_of_container(h, n) && part->holder != NODE_NONE &&
		    !node_is_root(h, part->holder))
			fold_offer(h, n, part->holder, part->offset);
	}
}
