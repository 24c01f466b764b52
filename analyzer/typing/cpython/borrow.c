/* SPDX-License-Identifier: MIT */
/*
 * Pointers to objects that hold nothing: the interpreter's caches, frames that have ended, the
 * strings in the table of interned ones, free lists.  Several threads ask, once
 * cpython_prepare_edges is done.
 */
#include "base/mem.h"
#include "typing/cpython/frame.h"
#include "typing/cpython/frame_layout.h"
#include "typing/cpython/class.h"
#include "typing/cpython/interp.h"
#include "typing/cpython/member_library.h"
#include "typing/cpython/static.h"

#define STATIC_CACHES_UNTIL 9u /* minor version */
#define FREE_LIST_MIN	    4u
#define INTERNED_MIN	    512u
#define INTERNED_SAMPLE	    64u

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

/* Is it a dict or a list, of that very class? */
static bool may_be_freed(const struct cpython *p, uint64_t addr)
{
	const node_id n = addr ? cpython_find_object(p, addr) : NODE_NONE;
	const struct cpython_class *c = n == NODE_NONE ? NULL : cpython_class_of(p, n);

	return c && !c->is_heap &&
	       (c->shape == CPYTHON_SHAPE_DICT || c->shape == CPYTHON_SHAPE_LIST);
}

static void find_free_lists_in(struct cpython *p, const struct dump_range *r)
{
	uint64_t run = 0;

	for (uint64_t at = 0; at + 8 <= r->len; at += 8) {
		uint64_t word;

		memcpy(&word, r->bytes + at, sizeof(word));
		if (may_be_freed(p, word)) {
			run += 8;
			continue;
		}
		if (run >= FREE_LIST_MIN * 8) {
			p->free_lists = array_grow(p->free_lists, p->nr_free_lists,
						   &p->room_free_lists, sizeof(*p->free_lists));
			p->free_lists[p->nr_free_lists++] =
				(struct cpython_span){ r->addr + at - run, r->addr + at };
		}
		run = 0;
	}
}

/* Up to 3.9 free dicts and lists are remembered in arrays among the interpreter's data, where old
 * entries stay. It has no other arrays of these. */
static void find_free_lists(struct cpython *p)
{
	size_t nr;
	const struct dump_range *ranges = dump_ranges(p->dump, &nr);
	const uint32_t module = dump_find_module(p->dump, p->type_type);

	for (size_t i = 0; i < nr; i++)
		if (ranges[i].kind == HC_RANGE_DATA &&
		    dump_find_module(p->dump, ranges[i].addr) == module)
			find_free_lists_in(p, &ranges[i]);
}

void cpython_prepare_edges(struct cpython *p)
{
	cpython_find_interp(p);
	p->frames = cpython_frames_create(p);
	p->interned = find_interned_dict(p);
	if (p->version->minor <= STATIC_CACHES_UNTIL) {
		find_free_lists(p);
		cpython_find_method_cache(p);
	}
	p->heap->root_ops = &cpython_root_ops;
}

static const struct {
	const char *class;
	uint16_t offsets[6]; /* of 3.8 + i */
} borrowers[] = {
#define BORROWER_ROW(class, ...) { class, { __VA_ARGS__ } },
	CPYTHON_BORROWERS(BORROWER_ROW)
#undef BORROWER_ROW
};

uint64_t cpython_borrowed_words(const struct cpython *p, const char *class)
{
	uint64_t words = 0;

	for (size_t i = 0; i < ARRAY_SIZE(borrowers); i++) {
		const uint16_t offset = borrowers[i].offsets[p->version->minor - 8];

		if (offset && !strcmp(borrowers[i].class, class))
			words |= 1ul << offset / 8;
	}
	return words;
}

uint64_t cpython_foreign_words(const char *class)
{
	static const struct {
		const char *class;
		uint64_t offset;
	} parts[] = {
#define PART_ROW(class, offset) { class, offset },
		CPYTHON_FOREIGN_PARTS(PART_ROW)
#undef PART_ROW
	};
	uint64_t words = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (!strcmp(parts[i].class, class))
			words |= 1ul << parts[i].offset / 8;
	return words;
}

uint64_t cpython_items_offset(const char *class)
{
	static const struct {
		const char *class;
		uint64_t offset;
	} items[] = {
#define ITEM_ROW(class, relation, offset) { class, offset },
		CPYTHON_ITEM_MEMBERS(ITEM_ROW)
#undef ITEM_ROW
	};

	for (size_t i = 0; i < ARRAY_SIZE(items); i++)
		if (!strcmp(items[i].class, class))
			return items[i].offset;
	return 0;
}

bool cpython_is_borrowed(const struct cpython *p, const struct cpython_class *c, uint64_t obj,
			 uint64_t offset)
{
	const struct cpython_version *v = p->version;

	if (offset / 8 < 64 && c->borrowed >> offset / 8 & 1)
		return true;
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

static bool is_in_free_list(const struct cpython *p, uint64_t addr)
{
	for (size_t i = 0; i < p->nr_free_lists; i++)
		if (addr - p->free_lists[i].addr < p->free_lists[i].end - p->free_lists[i].addr)
			return true;
	return false;
}

static bool is_static_edge(const struct cpython *p, uint64_t addr)
{
	const struct cpython_static *s = cpython_static_at(p, addr);

	return !s ||
	       cpython_is_object_edge(p, cpython_class_at(p, s->addr), s->addr, addr - s->addr);
}

bool cpython_is_root_edge(const struct heap *h, node_id from, uint64_t offset, node_id to)
{
	const struct cpython *p = h->cpython;
	const struct root *root = &h->roots[from - h->nr_objects];
	const uint64_t addr = root->addr + offset;

	/* A table is its owner's alone: an old pointer, or that of who works on the owner. */
	if (p->table[to])
		return false;
	if (root->kind == ROOT_GLOBAL)
		return !cpython_interp_borrows(p, addr) && !is_in_free_list(p, addr) &&
		       !cpython_is_cached_method(p, addr) && is_static_edge(p, addr);
	if (root->kind != ROOT_RANGE || cpython_frames_may_hold(p->frames, addr))
		return true;

	const struct cpython_frame *frame = cpython_frames_find(p->frames, addr);

	return frame && cpython_frame_is_reference(p, frame->addr, addr - frame->addr);
}
