/* SPDX-License-Identifier: MIT */
/*
 * A worklist of blocks whose type is new.  A pointer of type T to the start of a block says that
 * the block is a T if it has that size, several if it is a whole number of them, and else that it
 * begins with one; types that link to their own kind (a list's node, embedded first in something
 * larger) are never several.
 */
#include "typing/native/propagate.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/frame.h"
#include "typing/native/block.h"
#include "typing/native/debug.h"
#include "typing/native/layout.h"

struct propagation {
	struct native *native;
	node_id *work; /* a stack */
	size_t nr_work, room;
};

static void enqueue(struct propagation *p, node_id block)
{
	p->work = array_grow(p->work, p->nr_work, &p->room, sizeof(*p->work));
	p->work[p->nr_work++] = block;
}

static bool links_to_itself(struct native *n, const struct ctype *t)
{
	const struct layout *l = layout_get(n, t);

	for (size_t i = 0; i < l->nr; i++) {
		if (ctype_complete(n, l->pointers[i].target) == t)
			return true;
	}
	return false;
}

static enum belief believe_by_pointer(struct native *n, const struct ctype *t, uint64_t size)
{
	if (t->kind == CTYPE_CHAR)
		return BELIEF_BYTES;
	switch (ctype_find_fit(n, t, size)) {
	case CTYPE_FIT_EXACT:
	case CTYPE_FIT_FLEXIBLE:
		return BELIEF_POINTED;
	case CTYPE_FIT_MANY:
		if (!ctype_is_record(t) || !links_to_itself(n, t))
			return BELIEF_ARRAY;
		return BELIEF_PREFIX;
	case CTYPE_FIT_TAIL:
		return ctype_is_record(t) ? BELIEF_PREFIX : BELIEF_NONE;
	case CTYPE_FIT_NONE:
		return BELIEF_NONE;
	}
	return BELIEF_NONE;
}

/* What a pointer to `target` that leads right behind the first word of the block says, if that word
 * counts what is behind it. */
static const struct ctype *counted_behind(struct native *n, const struct ctype *target, node_id to)
{
	const uint8_t *bytes = dump_block_bytes(n->heap->dump, to);
	const uint64_t size = block_size(n->heap, to);
	uint64_t count;

	if (dump_blocks(n->heap->dump)->kind[to] != HC_KIND_NEW_ARRAY || !bytes || !target->size)
		return NULL;
	memcpy(&count, bytes, sizeof(count));
	if (!count || (size - sizeof(count)) / target->size != count ||
	    (size - sizeof(count)) % target->size)
		return NULL;
	return ctype_get_counted(n, target, count);
}

/* A pointer to `target` has the value word. */
static void follow(struct propagation *p, const struct ctype *target, uint64_t word)
{
	struct native *n = p->native;
	const uint32_t to = word ? dump_find_block(n->heap->dump, word) : UINT32_MAX;

	if (to == UINT32_MAX || !block_is_open(n, to))
		return;
	target = ctype_complete(n, target);

	const uint64_t into = word - dump_blocks(n->heap->dump)->addr[to];

	if (into == sizeof(uint64_t) && block_size(n->heap, to) > into)
		target = counted_behind(n, target, to);
	else if (into)
		return;
	if (!target)
		return;

	const enum belief belief = believe_by_pointer(n, target, block_size(n->heap, to));

	if (belief != BELIEF_NONE && block_believe(n, to, target, belief))
		enqueue(p, to);
}

/* One object of type t whose bytes are those, len of them or more. */
static void follow_object(struct propagation *p, const struct ctype *t, const uint8_t *bytes,
			  uint64_t len)
{
	const struct layout *l = layout_get(p->native, t);

	for (size_t i = 0; i < l->nr && l->pointers[i].offset + 8 <= len; i++) {
		uint64_t word;

		memcpy(&word, bytes + l->pointers[i].offset, sizeof(word));
		follow(p, l->pointers[i].target, word);
	}
}

static void follow_elements(struct propagation *p, const struct ctype *t, const uint8_t *bytes,
			    uint64_t len)
{
	const uint64_t size = ctype_complete(p->native, t)->size;

	if (!size || !(layout_get(p->native, t)->nr))
		return;
	for (uint64_t at = 0; at + size <= len; at += size)
		follow_object(p, t, bytes + at, size);
}

static void follow_block(struct propagation *p, node_id block)
{
	struct native *n = p->native;
	const struct ctype *t = n->blocks[block].type;
	const uint8_t *bytes = dump_block_bytes(n->heap->dump, block);
	const uint64_t size = block_size(n->heap, block);

	if (!bytes || !t)
		return;
	if (ctype_find_fit(n, t, size) == CTYPE_FIT_MANY) {
		follow_elements(p, t, bytes, size);
		return;
	}
	follow_object(p, t, bytes, size);

	const struct layout *l = layout_get(n, t);

	if (l->rest && l->rest_offset < size)
		follow_elements(p, l->rest, bytes + l->rest_offset, size - l->rest_offset);
}

static void follow_variable(void *arg, const struct variable *v)
{
	struct propagation *p = arg;
	const struct ctype *t = ctype_complete(p->native, v->type);
	const uint8_t *bytes =
		t->size ? dump_find_bytes(p->native->heap->dump, v->addr, t->size) : NULL;

	if (bytes)
		follow_object(p, t, bytes, t->size);
}

static void follow_frame(void *arg, const struct frame *f)
{
	struct propagation *p = arg;

	debug_each_local(p->native, f, follow_variable, p);
}

static void run_worklist(struct propagation *p)
{
	while (p->nr_work)
		follow_block(p, p->work[--p->nr_work]);
}

void propagate_run(struct native *n)
{
	struct propagation p = { .native = n };

	for (node_id i = 0; i < n->heap->nr_objects; i++) {
		if (n->blocks[i].type)
			enqueue(&p, i);
	}
	run_worklist(&p);
	for (size_t i = 0; i < n->nr_modules; i++) {
		if (debug_has_types(n, i))
			debug_each_global(n, i, follow_variable, &p);
	}
	heap_each_frame(n->heap, follow_frame, &p);
	run_worklist(&p);
	free(p.work);
}
