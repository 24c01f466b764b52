/* SPDX-License-Identifier: MIT */
/*
 * Beliefs about blocks, and the names that come out of them.
 */
#include "typing/native/block.h"

#include <string.h>

#include "base/mem.h"
#include "typing/container/name.h"
#include "typing/native/container.h"
#include "typing/native/native.h"

bool block_is_open(const struct native *n, node_id block)
{
	const struct heap *h = n->heap;
	const struct type *type = object_type(h, block);

	if (!node_is_object(h, block))
		return false;
	if (type->ops == &container_ops)
		return true; /* what is in it may be known */
	return type->flags & TYPE_FALLBACK ||
	       (type->provenance == PROVENANCE_CONTENT && !(type->flags & TYPE_NO_POINTERS)) ||
	       (type->provenance == PROVENANCE_CONTENT && !strcmp(type->name, "zeroes"));
}

bool block_is_arena(const struct native *n, node_id block)
{
	const struct type *type = object_type(n->heap, block);

	return type->provenance == PROVENANCE_LAYOUT && !strncmp(type->name, "arena (", 7);
}

const struct ctype *native_type_of(const struct native *n, node_id block)
{
	return n && n->blocks ? n->blocks[block].type : NULL;
}

/* Two types of one strength: the one that begins with the other says more. */
static const struct ctype *more_of(struct native *n, const struct ctype *a, const struct ctype *b)
{
	if (ctype_begins_with(n, a, b))
		return a;
	return ctype_begins_with(n, b, a) ? b : NULL;
}

enum ctype_fit block_find_fit(struct native *n, node_id block)
{
	const struct native_block *b = &n->blocks[block];
	const enum ctype_fit fit = ctype_find_fit(n, b->type, block_size(n->heap, block));

	return fit == CTYPE_FIT_MANY && belief_is_prefix(b->belief) ? CTYPE_FIT_TAIL : fit;
}

static void block_conflict(struct native *n, struct native_block *b, const struct ctype *type)
{
	n->conflicts = array_grow(n->conflicts, n->nr_conflicts, &n->conflicts_room,
				  sizeof(*n->conflicts));
	n->conflicts[n->nr_conflicts++] = (struct native_conflict){ b->type, type };
	b->conflict = n->nr_conflicts;
	b->type = NULL;
}

static unsigned int strength(enum belief belief, bool is_guess)
{
	return is_guess || belief == BELIEF_NONE ? belief : belief + BELIEF_PART;
}

/* What it begins with, and what it is: the latter says more, however it came. */
static bool is_refinement(struct native *n, const struct ctype *whole, enum belief belief,
			  const struct ctype *prefix, enum belief prefix_belief)
{
	return belief_is_prefix(prefix_belief) && !belief_is_prefix(belief) &&
	       belief > BELIEF_PREFIX && whole != prefix &&
	       (ctype_begins_with(n, whole, prefix) || ctype_extends(n, whole, prefix));
}

bool block_believe(struct native *n, node_id block, const struct ctype *type, enum belief belief,
		   bool is_guess)
{
	struct native_block *b = &n->blocks[block];
	const struct native_block news = { .type = type, .belief = belief, .is_guess = is_guess };
	const unsigned int before = strength(b->belief, b->is_guess),
			   after = strength(belief, is_guess);

	if (b->type == type && after <= before)
		return false;
	if (b->type && b->type != type) {
		if (is_refinement(n, b->type, b->belief, type, belief))
			return false;
		if (is_refinement(n, type, belief, b->type, b->belief)) {
			*b = news;
			return true;
		}
	}
	if (after != before) {
		if (after > before)
			*b = news;
		return after > before;
	}
	if (!b->type) /* a conflict already */
		return false;

	const struct ctype *more = more_of(n, type, b->type);

	if (more && more != b->type)
		*b = news;
	else if (!more)
		block_conflict(n, b, type);
	return more && more == type;
}

static enum provenance block_provenance(const struct native *n, node_id block, enum ctype_fit fit)
{
	const struct native_block *b = &n->blocks[block];

	/* What lies in an arena has the size that its type was thought to have. */
	if (dump_blocks(n->heap->dump)->flags[block] & DUMP_BLOCK_INSERTED)
		return PROVENANCE_INFERRED;
	if (b->is_guess || fit == CTYPE_FIT_TAIL || fit == CTYPE_FIT_NONE)
		return PROVENANCE_INFERRED;
	switch ((enum belief)b->belief) {
	case BELIEF_SITE:
		return PROVENANCE_DWARF;
	case BELIEF_POINTED:
	case BELIEF_PART:
		return PROVENANCE_PROPAGATED;
	case BELIEF_NONE:
	case BELIEF_CONSENSUS:
	case BELIEF_BYTES:
	case BELIEF_PREFIX:
	case BELIEF_DERIVED:
	case BELIEF_ARRAY:
	case BELIEF_HEADER:
		return PROVENANCE_INFERRED;
	}
	return PROVENANCE_INFERRED;
}

/* "struct request", "struct request[]", "struct request + 24 bytes". */
static char *block_name(const struct ctype *type, enum ctype_fit fit, uint64_t size)
{
	switch (fit) {
	case CTYPE_FIT_MANY:
		return xasprintf("%s[]", type->name);
	case CTYPE_FIT_TAIL:
		return xasprintf("%s + %lu bytes", type->name, size - type->size);
	case CTYPE_FIT_EXACT:
	case CTYPE_FIT_FLEXIBLE:
	case CTYPE_FIT_NONE:
		break;
	}
	return xstrdup(type->name);
}

/* C's int is not Python's. */
static bool is_ambiguous(const struct native *n, const char *name)
{
	static const char *const python[] = { "int", "float", "bool", "long" };

	for (size_t i = 0; n->heap->cpython && i < ARRAY_SIZE(python); i++) {
		if (!strcmp(python[i], name))
			return true;
	}
	return false;
}

/* Nodes of a list that a program has made itself, and that look like the library's. */
static bool is_own_node(struct native *n, node_id block, const struct container_part *part)
{
	const struct native_block *b = &n->blocks[block];

	return container_is_node(part->role) && b->type && !b->is_guess &&
	       (b->belief == BELIEF_SITE || b->belief == BELIEF_POINTED) &&
	       ctype_is_record(b->type) && strncmp(b->type->name, "std::", 5) &&
	       block_find_fit(n, block) == CTYPE_FIT_EXACT;
}

/*
 * What a container has by its shape.  A site that says what the items are says more; of whatever
 * else is believed the shape is surer.
 */
static void settle_part(struct native *n, node_id block, const struct container_part *part)
{
	struct heap *h = n->heap;
	struct native_block *b = &n->blocks[block];
	const char *name = NULL;
	_cleanup_free_ char *spelled = NULL;

	if (b->belief == BELIEF_SITE && b->type) {
		const struct ctype *items = container_items_of(n, part, ctype_complete(n, b->type),
							       block_size(h, block));

		if (items)
			b->type = items;
		spelled = container_spell_part(b->type->name);
		name = items ? items->name : spelled;
	}
	if (!name) {
		b->type = NULL;
		return;
	}
	h->type[block] = heap_intern_type(h, name, PROVENANCE_SHAPE, 0);
	h->types[h->type[block]].ops = &container_typed_ops;
}

static void settle_as(struct native *n, node_id block, const char *name, enum provenance provenance,
		      uint32_t flags)
{
	struct heap *h = n->heap;
	_cleanup_free_ char *marked = is_ambiguous(n, name) ? xasprintf("%s (C)", name) : NULL;

	if (marked)
		name = marked;
	h->type[block] = heap_intern_type(h, name, provenance, flags);
	h->types[h->type[block]].ops = &native_ops;
}

static void settle_ops(struct heap *h, node_id block, const struct container_part *part)
{
	struct type *type = &h->types[h->type[block]];

	type->ops = &container_typed_ops;
	if (container_has_no_pointers(part->role))
		type->flags |= TYPE_NO_POINTERS | TYPE_LEAF;
}

/* What a site makes several of by operator new is a vector's, if there are words of one. */
static const struct container_part *find_part(struct native *n, node_id block)
{
	const struct native_block *b = &n->blocks[block];

	if (b->belief == BELIEF_SITE && b->type &&
	    dump_blocks(n->heap->dump)->kind[block] == HC_KIND_NEW &&
	    ctype_find_fit(n, b->type, block_size(n->heap, block)) == CTYPE_FIT_MANY)
		return container_accept_items(n->heap, block);
	return container_find_part(n->heap, block);
}

void block_settle(struct native *n, node_id block)
{
	const struct native_block *b = &n->blocks[block];
	const struct container_part *part = find_part(n, block);
	_cleanup_free_ char *name = NULL;

	if (part && b->belief != BELIEF_PART && is_own_node(n, block, part)) {
		container_disown(n->heap, block);
		part = NULL;
	}
	if (part && b->belief != BELIEF_PART) {
		settle_part(n, block, part);
	} else if (b->conflict) {
		const struct native_conflict *c = &n->conflicts[b->conflict - 1];

		name = xasprintf("%s|%s", c->one->name, c->other->name);
		settle_as(n, block, name, PROVENANCE_INFERRED, 0);
	} else if (b->type) {
		const enum ctype_fit fit = block_find_fit(n, block);

		name = block_name(b->type, fit, block_size(n->heap, block));
		settle_as(n, block, name, block_provenance(n, block, fit),
			  ctype_is_scalar(b->type) && fit != CTYPE_FIT_TAIL ? TYPE_LEAF : 0);
		if (part)
			settle_ops(n->heap, block, part);
	}
}
