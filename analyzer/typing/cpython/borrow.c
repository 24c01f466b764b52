/* SPDX-License-Identifier: MIT */
/*
 * Pointers to objects that hold nothing: the interpreter's caches, frames that have ended, the
 * strings in the table of interned ones.  Several threads ask, once cpython_prepare_edges is done.
 */
#include "typing/cpython/frame.h"
#include "typing/cpython/frame_layout.h"
#include "typing/cpython/interp.h"

#define INTERNED_BORROWED_UNTIL 12u /* minor version: from here on they are immortal */
#define INTERNED_MIN		512u
#define INTERNED_SAMPLE		64u

/* Each of its first keys is its own value. */
static bool is_interned_dict(const struct cpython *p, uint64_t dict)
{
	struct cpython_items items;
	unsigned int seen = 0;

	for (cpython_dict_open(p, dict, &items);
	     seen < INTERNED_SAMPLE && cpython_items_next(&items); seen++)
		if (items.key != items.value)
			return false;
	return seen == INTERNED_SAMPLE;
}

static node_id find_interned_dict(const struct cpython *p)
{
	const struct heap *h = p->heap;

	for (node_id n = 0; n < h->nr_objects; n++) {
		const struct cpython_class *c = cpython_class_of(p, n);

		if (c && c->shape == CPYTHON_SHAPE_DICT && !c->is_heap &&
		    cpython_word(p, object_addr(h, n) + CPYTHON_MA_USED) >= INTERNED_MIN &&
		    is_interned_dict(p, object_addr(h, n)))
			return n;
	}
	return NODE_NONE;
}

void cpython_prepare_edges(struct cpython *p)
{
	cpython_find_interp(p);
	p->frames = cpython_frames_create(p);
	p->interned = p->version->minor < INTERNED_BORROWED_UNTIL ? find_interned_dict(p)
								  : NODE_NONE;
	p->heap->root_ops = &cpython_root_ops;
}

bool cpython_is_borrowed(const struct cpython *p, const struct cpython_class *c, uint64_t obj,
			 uint64_t offset)
{
	const struct cpython_version *v = p->version;

	switch ((unsigned int)c->shape) {
	case CPYTHON_SHAPE_TYPE:
		return offset == CPYTHON_TP_WEAKLIST ||
		       (v->ht_tpname && offset >= v->ht_tpname && offset < v->ht_size);
	case CPYTHON_SHAPE_CODE:
		return offset >= cpython_frame_layout(p)->instructions;
	case CPYTHON_SHAPE_FRAME:
	case CPYTHON_SHAPE_GENERATOR:
	case CPYTHON_SHAPE_COROUTINE:
	case CPYTHON_SHAPE_ASYNC_GENERATOR:
		return !cpython_frame_is_live(p, c, obj, offset);
	default:
		return false;
	}
}

/* The collector's list heads point in front of objects, as nothing else does. */
static bool is_collector_link(const struct heap *h, const uint8_t *bytes, node_id to)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word < object_addr(h, to);
}

bool cpython_is_root_edge(const struct heap *h, node_id from, uint64_t offset, node_id to)
{
	const struct cpython *p = h->cpython;
	const struct root *root = &h->roots[from - h->nr_objects];
	const uint64_t addr = root->addr + offset;

	if (root->kind == ROOT_GLOBAL)
		return !is_collector_link(h, root->bytes + offset, to) &&
		       !cpython_interp_borrows(p, addr);
	if (root->kind != ROOT_RANGE || !cpython_frames_hold(p->frames, addr))
		return true;

	const struct cpython_frame *frame = cpython_frames_find(p->frames, addr);

	return frame && cpython_frame_is_reference(p, addr - frame->addr);
}
