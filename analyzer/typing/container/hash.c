/* SPDX-License-Identifier: MIT */
/*
 * Buckets and nodes of std::unordered_set, map and their multi kinds, the same in libstdc++ and
 * libc++ as far as it matters here:
 *
 *	object { buckets, nr of them, first node, count, load factor (float), ... }
 *	node   { next, ... }
 *
 * A chain of all nodes; a bucket has the node before its first, or the object's word `first node`,
 * which one of them must have.  libstdc++ keeps one bucket in the object.
 */
#include <math.h>
#include <string.h>

#include "typing/container/shape.h"

#define FIRST	      16u /* of the object */
#define COUNT	      24u
#define LOAD_FACTOR   32u
#define SINGLE_BUCKET 48u
#define GNU_VALUE     8u /* in a node */
#define LLVM_VALUE    16u
#define LOAD_MAX      1e4f

struct table {
	struct containers *c;
	const struct span *span;
	uint64_t offset; /* of the object in the span */
	uint64_t size;	 /* of a node's block */
	uint64_t nr_nodes;
};

static uint64_t object_word(const struct table *t, uint64_t at)
{
	return load_word(t->span->bytes, t->offset + at);
}

static bool has_load_factor(const struct table *t)
{
	float factor;

	memcpy(&factor, t->span->bytes + t->offset + LOAD_FACTOR, sizeof(factor));
	return isfinite(factor) && factor > 0 && factor < LOAD_MAX;
}

/* The chain from the first node.  False: it is none, or not of so many. */
static bool collect_nodes(struct table *t)
{
	uint64_t addr = object_word(t, FIRST);
	const node_id first = shape_find_new(t->c, addr);

	t->nr_nodes = object_word(t, COUNT);
	if (first == NODE_NONE || t->nr_nodes > t->c->heap->nr_objects)
		return false;
	t->size = t->c->blocks->size[first];
	if (t->size <= GNU_VALUE)
		return false;
	for (uint64_t i = 0; i < t->nr_nodes; i++) {
		const node_id node = shape_find_new(t->c, addr);

		if (node == NODE_NONE || t->c->blocks->size[node] != t->size)
			return false;

		const uint8_t *bytes = dump_block_bytes(t->c->heap->dump, node);

		if (!bytes)
			return false;
		shape_collect(t->c, node, i);
		addr = load_word(bytes, 0);
	}
	return !addr;
}

/* Each bucket is empty or has a node, and one has the object. */
static bool is_bucket_array(const struct table *t, const uint8_t *bytes, uint64_t nr)
{
	const uint64_t object = t->span->addr + t->offset + FIRST;
	bool has_object = false;

	for (uint64_t i = 0; i < nr; i++) {
		const uint64_t word = load_word(bytes, i * 8);

		if (!word)
			continue;
		if (word == object) {
			has_object = true;
			continue;
		}

		const node_id node = shape_find_new(t->c, word);

		if (node == NODE_NONE || t->c->blocks->size[node] != t->size)
			return false;
	}
	return has_object;
}

/* Are all of the block's bytes zero? */
static bool is_zero(const struct containers *c, node_id block)
{
	const uint8_t *bytes = dump_block_bytes(c->heap->dump, block);

	return bytes && !bytes[0] && !memcmp(bytes, bytes + 1, c->blocks->size[block] - 1);
}

/* libc++ has the hash between link and value; in libstdc++ it stands behind, if at all. */
static void claim_nodes(const struct table *t)
{
	const bool is_llvm = t->c->has_llvm;
	const struct container_part part = {
		.role = CONTAINER_HASH_NODE,
		.holder = t->span->node,
		.offset = t->span->origin + t->offset,
		.is_llvm = is_llvm,
		.start = is_llvm ? LLVM_VALUE : GNU_VALUE,
	};

	shape_claim_nodes(t->c, &part, t->nr_nodes);
}

/* The word is the address of the array of buckets. */
static void try_buckets(struct table *t, node_id block)
{
	struct containers *c = t->c;
	const uint64_t size = c->blocks->size[block], nr = object_word(t, 8);
	const uint8_t *bytes = dump_block_bytes(c->heap->dump, block);
	const struct container_part part = {
		.role = CONTAINER_BUCKETS,
		.holder = t->span->node,
		.offset = t->span->origin + t->offset,
		.end = size,
	};

	if (!size || nr > size || nr * 8 != size || !bytes || !has_load_factor(t))
		return;
	if (!object_word(t, FIRST)) {
		if (!object_word(t, COUNT) && is_zero(c, block))
			shape_propose(c, t->span, block, &part, 1);
		return;
	}
	if (!collect_nodes(t) || !is_bucket_array(t, bytes, nr))
		return;
	shape_claim(c, block, &part);
	claim_nodes(t);
}

/* The word is the address of the first node, and the object has its only bucket in itself. */
static void try_single_bucket(struct table *t)
{
	const uint64_t object = t->span->addr + t->offset;

	if (object_word(t, 0) != object + SINGLE_BUCKET || object_word(t, 8) != 1 ||
	    object_word(t, SINGLE_BUCKET) != object + FIRST || !has_load_factor(t) ||
	    !collect_nodes(t))
		return;
	claim_nodes(t);
}

void shape_hash(struct containers *c, const struct span *s, uint64_t offset, node_id block)
{
	struct table t = { .c = c, .span = s, .offset = offset };

	if (span_has(s, offset, 0, LOAD_FACTOR))
		try_buckets(&t, block);
	if (span_has(s, offset, -(int64_t)FIRST, SINGLE_BUCKET - FIRST)) {
		t.offset = offset - FIRST;
		try_single_bucket(&t);
	}
}
