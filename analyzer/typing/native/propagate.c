/* SPDX-License-Identifier: MIT */
/*
 * A worklist of blocks whose type is new: their pointers say what other blocks are (claim.h).
 */
#include "typing/native/propagate.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/frame.h"
#include "typing/native/block.h"
#include "typing/native/claim.h"
#include "typing/native/container.h"
#include "typing/native/debug.h"
#include "typing/native/inner.h"
#include "typing/native/layout.h"
#include "typing/native/union.h"

#define ROUNDS_MAX 4 /* then what follows from a block of two types stays */

/* Blocks to look at, the sure ones first: what they say is not to be taken for a guess. */
struct propagation {
	struct native *native;
	struct worklist {
		node_id *items; /* a stack */
		size_t nr, room;
	} sure, guessed, inner; /* inner: native's inners */

	/* Where the objects lie that are followed. */
	struct followed {
		node_id node;	       /* block or root */
		uint64_t addr, offset; /* of its bytes, in the process and in the node */
		const uint8_t *bytes;
		bool is_passing;
	} place;
};

static void propagation_deinit(struct propagation *p)
{
	free(p->sure.items);
	free(p->guessed.items);
	free(p->inner.items);
}

static void worklist_add(struct worklist *w, node_id block)
{
	w->items = array_grow(w->items, w->nr, &w->room, sizeof(*w->items));
	w->items[w->nr++] = block;
}

static void enqueue(struct propagation *p, node_id block)
{
	worklist_add(p->native->blocks[block].is_guess ? &p->guessed : &p->sure, block);
}

/* A pointer to `target` has the value word.  is_guess: so it is said. */
static void follow(struct propagation *p, const struct ctype *target, uint64_t word, bool is_guess)
{
	struct native *n = p->native;
	const uint32_t to = word ? dump_find_block(n->heap->dump, word) : UINT32_MAX;

	if (to == UINT32_MAX || !(block_is_open(n, to) || block_is_arena(n, to)))
		return;
	target = ctype_complete(n, target);

	const uint64_t into = word - dump_blocks(n->heap->dump)->addr[to];
	const struct ctype *counted = into == sizeof(uint64_t) && block_size(n->heap, to) > into
					      ? claim_counted(n, target, to)
					      : NULL;

	if (into && !counted) {
		if (inner_add(n, to, into, target))
			worklist_add(&p->inner, n->nr_inners - 1);
		return;
	}
	if (!block_is_open(n, to))
		return;
	if (counted)
		target = counted;

	if (claim_believe(n, to, target, is_guess))
		enqueue(p, to);
}

struct container_follow {
	struct propagation *p;
	const struct container_type *type;
	bool is_guess;
};

static void follow_part(void *arg, node_id block, const struct container_part *part)
{
	struct container_follow *f = arg;
	struct native *n = f->p->native;

	if (block_is_open(n, block) &&
	    block_believe(n, block,
			  container_part_type(n, f->type, part, block_size(n->heap, block)),
			  BELIEF_PART, f->is_guess))
		enqueue(f->p, block);
}

/* A std:: container of type t has those bytes. */
static void follow_container(struct propagation *p, const struct ctype *t, const uint8_t *bytes,
			     bool is_guess)
{
	const struct followed *place = &p->place;
	struct container_follow f = { p, container_type_of(p->native, t), is_guess };
	const struct container_object o = {
		.family = f.type->family,
		.is_llvm = f.type->is_llvm,
		.addr = place->addr + (uint64_t)(bytes - place->bytes),
		.size = t->size,
		.holder = place->node,
		.offset = place->offset + (uint64_t)(bytes - place->bytes),
		.is_passing = place->is_passing,
	};

	container_read(p->native->heap, &o, follow_part, &f);
}

/* Is there no use in a guess of what it is? */
static bool is_sure(const struct native_block *b)
{
	return b->type && !b->is_guess && !belief_is_prefix(b->belief);
}

/* The words of a union, whose bytes are those. */
static void follow_union(struct propagation *p, const struct ctype *t, const uint8_t *bytes)
{
	struct native *n = p->native;

	for (uint64_t at = 0; at + 8 <= t->size; at += 8) {
		const struct ctype *target;
		uint64_t word;
		uint32_t to;

		memcpy(&word, bytes + at, sizeof(word));
		to = word ? dump_find_block(n->heap->dump, word) : UINT32_MAX;
		if (to == UINT32_MAX || dump_blocks(n->heap->dump)->addr[to] != word ||
		    is_sure(&n->blocks[to]))
			continue;
		target = union_find_target(n, t, at, block_size(n->heap, to));
		if (target)
			follow(p, target, word, true);
	}
}

/* One object of type t whose bytes are those, len of them or more. */
static void follow_object(struct propagation *p, const struct ctype *t, const uint8_t *bytes,
			  uint64_t len, bool is_guess)
{
	const struct layout *l = layout_get(p->native, t);

	for (size_t i = 0; i < l->nr && l->pointers[i].offset + 8 <= len; i++) {
		uint64_t word;

		memcpy(&word, bytes + l->pointers[i].offset, sizeof(word));
		follow(p, l->pointers[i].target, word, is_guess);
	}
	for (size_t i = 0; i < l->nr_containers; i++) {
		const struct layout_container *c = &l->containers[i];

		if (c->offset + c->type->size <= len)
			follow_container(p, c->type, bytes + c->offset, is_guess);
	}
	for (size_t i = 0; i < l->nr_unions; i++) {
		const struct layout_union *u = &l->unions[i];

		if (u->offset + u->type->size <= len)
			follow_union(p, u->type, bytes + u->offset);
	}
}

static void follow_elements(struct propagation *p, const struct ctype *t, const uint8_t *bytes,
			    uint64_t len, bool is_guess)
{
	const uint64_t size = ctype_complete(p->native, t)->size;

	if (!size || layout_is_empty(layout_get(p->native, t)))
		return;
	for (uint64_t at = 0; at + size <= len; at += size)
		follow_object(p, t, bytes + at, size, is_guess);
}

static void follow_block(struct propagation *p, node_id block)
{
	struct native *n = p->native;
	struct native_block *b = &n->blocks[block];
	const struct ctype *t = b->type;
	const uint8_t *bytes = dump_block_bytes(n->heap->dump, block);
	const uint64_t size = block_size(n->heap, block);

	if (!bytes || !t || b->is_followed)
		return;
	b->is_followed = true;
	p->place = (struct followed){ block, dump_blocks(n->heap->dump)->addr[block], 0, bytes,
				      false };
	if (block_find_fit(n, block) == CTYPE_FIT_MANY) {
		const bool is_guess = b->is_guess || (b->belief == BELIEF_ARRAY &&
						      !claim_are_elements(n, t, bytes, size));

		follow_elements(p, t, bytes, size, is_guess);
		return;
	}
	/* What begins with one may be the rest of something else that begins like one. */
	follow_object(p, t, bytes, size, b->is_guess || b->belief == BELIEF_PREFIX);

	const struct layout *l = layout_get(n, t);

	if (!l->rest || l->rest_offset >= size)
		return;

	const struct container_part *part = container_find_part(n->heap, block);

	/* Behind a vector's end there is what was there before. */
	if (part)
		follow_elements(p, l->rest, bytes + part->start, part->end - part->start,
				b->is_guess);
	else
		follow_elements(p, l->rest, bytes + l->rest_offset, size - l->rest_offset,
				b->is_guess);
}

static void follow_variable(void *arg, const struct variable *v)
{
	struct propagation *p = arg;
	const struct ctype *t = ctype_complete(p->native, v->type);
	const uint8_t *bytes =
		t->size ? dump_find_bytes(p->native->heap->dump, v->addr, t->size) : NULL;

	if (!bytes)
		return;
	p->place.addr = v->addr;
	p->place.offset = 0;
	p->place.bytes = bytes;
	follow_object(p, t, bytes, t->size, false);
}

static void follow_frame(void *arg, const struct frame *f)
{
	struct propagation *p = arg;

	p->place = (struct followed){ .node = NODE_NONE, .is_passing = true };
	debug_each_local(p->native, f, follow_variable, p);
}

static void follow_inner(struct propagation *p, size_t index)
{
	struct native *n = p->native;
	const struct native_inner inner = n->inners[index];
	const uint8_t *bytes = dump_block_bytes(n->heap->dump, inner.block);

	if (inner_is_told(n, inner.block, inner.offset))
		return;
	p->place = (struct followed){ inner.block, dump_blocks(n->heap->dump)->addr[inner.block], 0,
				      bytes, false };
	follow_object(p, inner.type, bytes + inner.offset, inner.type->size, true);
}

static void run_worklists(struct propagation *p)
{
	for (;;) {
		if (p->sure.nr)
			follow_block(p, p->sure.items[--p->sure.nr]);
		else if (p->inner.nr)
			follow_inner(p, p->inner.items[--p->inner.nr]);
		else if (p->guessed.nr)
			follow_block(p, p->guessed.items[--p->guessed.nr]);
		else
			return;
	}
}

static void follow_roots(struct propagation *p)
{
	struct native *n = p->native;

	if (n->has_followed_roots)
		return;
	n->has_followed_roots = true;
	p->place = (struct followed){ .node = NODE_NONE };
	for (size_t i = 0; i < n->nr_modules; i++) {
		if (debug_has_types(n, i))
			debug_each_global(n, i, follow_variable, p);
	}
	heap_each_frame(n->heap, follow_frame, p);
}

/* Everything as it was before, but for the blocks that two types were sure of: what had been
 * concluded from the first is to be forgotten.  True: there are such. */
static bool start_again(struct native *n, const struct native_block *before)
{
	bool again = false;

	for (node_id i = 0; i < n->heap->nr_objects && !again; i++)
		again = n->blocks[i].conflict && !n->blocks[i].is_guess && !before[i].conflict;
	for (node_id i = 0; i < n->heap->nr_objects && again; i++) {
		if (!n->blocks[i].conflict || n->blocks[i].is_guess)
			n->blocks[i] = before[i];
		n->blocks[i].is_followed = false;
	}
	if (again) {
		n->has_followed_roots = false;
		inner_forget_all(n);
	}
	return again;
}

void propagate_run(struct native *n)
{
	struct propagation p = { .native = n };
	const size_t size = n->heap->nr_objects * sizeof(*n->blocks);
	_cleanup_free_ struct native_block *before = xmalloc(size);

	memcpy(before, n->blocks, size);
	for (int round = 1; round <= ROUNDS_MAX; round++) {
		for (node_id i = 0; i < n->heap->nr_objects; i++) {
			if (n->blocks[i].type && !n->blocks[i].is_followed)
				enqueue(&p, i);
		}
		follow_roots(&p);
		run_worklists(&p);
		if (round < ROUNDS_MAX && !start_again(n, before))
			break;
	}
	propagation_deinit(&p);
}

void propagate_object(struct native *n, const struct ctype *t, uint64_t addr)
{
	const node_id block = dump_find_block(n->heap->dump, addr);
	struct propagation p = { .native = n };
	const uint8_t *bytes = dump_find_bytes(n->heap->dump, addr, t->size);

	if (!bytes)
		return;
	p.place = (struct followed){ block, addr, addr - dump_blocks(n->heap->dump)->addr[block],
				     bytes, false };
	follow_object(&p, t, bytes, t->size, true);
	run_worklists(&p);
	propagation_deinit(&p);
}
