/* SPDX-License-Identifier: MIT */
/*
 * Whose a block is, of all that shapes say.  A claim beats every proposal; two claims that differ
 * annul each other, and so do two proposals.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "typing/container/shape.h"

const struct container_part *container_find_part(const struct heap *h, node_id n)
{
	const struct containers *c = h->containers;
	const uint32_t index = c ? c->part_of[n] : 0;

	return index && c->parts[index - 1].role != CONTAINER_NONE ? &c->parts[index - 1] : NULL;
}

void container_disown(struct heap *h, node_id n)
{
	h->containers->part_of[n] = 0;
}

/* The same from another place: a copy, perhaps a stale one. */
static void merge(struct container_part *known, const struct container_part *part)
{
	if (known->role != part->role)
		known->role = CONTAINER_NONE;
	if (known->holder != part->holder || known->offset != part->offset)
		known->holder = NODE_NONE;
	if (part->start < known->start)
		known->start = part->start;
	if (part->end > known->end)
		known->end = part->end;
}

static void add_part(struct containers *c, node_id block, const struct container_part *part)
{
	c->parts = array_grow(c->parts, c->nr_parts, &c->parts_room, sizeof(*c->parts));
	c->parts[c->nr_parts++] = *part;
	c->part_of[block] = (uint32_t)c->nr_parts;
}

/* Whoever knows of a container knows better than those that saw a likeness. */
static void read_part(struct containers *c, node_id block, const struct container_part *part)
{
	if (c->part_of[block])
		c->parts[c->part_of[block] - 1] = *part;
	else
		add_part(c, block, part);
	c->reader->fn(c->reader->arg, block, part);
}

void shape_claim(struct containers *c, node_id block, const struct container_part *part)
{
	if (c->reader) {
		read_part(c, block, part);
		return;
	}
	if (c->part_of[block]) {
		merge(&c->parts[c->part_of[block] - 1], part);
		return;
	}
	add_part(c, block, part);
}

void shape_collect(struct containers *c, node_id node, uint64_t i)
{
	c->nodes = array_grow(c->nodes, i, &c->nodes_room, sizeof(*c->nodes));
	c->nodes[i] = node;
}

void shape_claim_nodes(struct containers *c, const struct container_part *part, uint64_t nr)
{
	struct container_part node = *part;

	for (uint64_t i = 0; i < nr; i++) {
		node.end = c->blocks->size[c->nodes[i]];
		shape_claim(c, c->nodes[i], &node);
	}
}

void shape_propose(struct containers *c, const struct span *s, node_id block,
		   const struct container_part *part, uint8_t nr_words)
{
	if (c->reader) {
		if (!c->reader->is_passing || !c->nr_lasting || !c->nr_lasting[block])
			read_part(c, block, part);
		return;
	}
	c->proposals = array_grow(c->proposals, c->nr_proposals, &c->proposals_room,
				  sizeof(*c->proposals));
	c->proposals[c->nr_proposals++] = (struct proposal){
		.block = block,
		.part = *part,
		.nr_words = nr_words,
		.is_passing = s->is_passing,
	};
}

bool shape_is_room(const struct containers *c, node_id node, uint64_t offset)
{
	const struct container_part *part =
		node_is_root(c->heap, node) ? NULL : container_find_part(c->heap, node);

	if (!part)
		return false;
	return container_has_no_pointers(part->role) || part->role == CONTAINER_BUCKETS ||
	       offset >= part->end || offset < part->start;
}

/*
 * Nothing but the container itself holds the address.  On a stack words are left behind, so there
 * everything counts; what lasts may have copies on stacks.
 */
static bool is_believable(const struct containers *c, const struct proposal *p)
{
	const uint8_t lasting = c->nr_lasting[p->block], passing = c->nr_passing[p->block];

	if (p->is_doubtful || shape_is_room(c, p->part.holder, p->part.offset))
		return false;
	if (p->is_passing)
		return !lasting && passing == p->nr_words;
	return lasting == p->nr_words;
}

const struct container_part *container_accept_items(struct heap *h, node_id n)
{
	struct containers *c = h->containers;

	if (c->doubted && c->doubted[n] && !c->part_of[n])
		c->part_of[n] = c->doubted[n];
	return container_find_part(h, n);
}

void shape_keep_doubted(struct containers *c)
{
	for (size_t i = 0; i < c->nr_proposals; i++) {
		const struct proposal *p = &c->proposals[i];

		if (p->is_believed || p->part.role != CONTAINER_ITEMS || c->part_of[p->block])
			continue;
		if (!c->doubted)
			c->doubted = xcalloc(c->heap->nr_objects, sizeof(*c->doubted));
		if (c->doubted[p->block]) {
			merge(&c->parts[c->doubted[p->block] - 1], &p->part);
			continue;
		}
		c->parts = array_grow(c->parts, c->nr_parts, &c->parts_room, sizeof(*c->parts));
		c->parts[c->nr_parts++] = p->part;
		c->doubted[p->block] = (uint32_t)c->nr_parts;
	}
}

/* What was believed because of words of which it is known by now that they are left behind. */
static void revoke_stale(struct containers *c)
{
	for (size_t i = 0; i < c->nr_proposals; i++) {
		struct proposal *p = &c->proposals[i];

		if (p->is_believed &&
		    (p->is_doubtful || shape_is_room(c, p->part.holder, p->part.offset))) {
			p->is_believed = false;
			c->part_of[p->block] = 0;
		}
	}
}

bool shape_settle_proposals(struct containers *c)
{
	const size_t nr_claimed = c->nr_parts;
	bool is_contested = false;

	for (size_t i = 0; i < c->nr_proposals; i++) {
		struct proposal *p = &c->proposals[i];
		const uint32_t index = c->part_of[p->block];

		if (index && index <= nr_claimed)
			continue;
		p->is_believed = is_believable(c, p);
		if (p->is_believed)
			shape_claim(c, p->block, &p->part);
		else
			is_contested |= !p->is_passing;
	}
	revoke_stale(c);
	return is_contested;
}
