/* SPDX-License-Identifier: MIT */
/*
 * One walk over all words of blocks and roots, in which the shapes are looked for, then the types
 * of the blocks that belong to containers.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "typing/container/shape.h"
#include "typing/recogniser.h"

#define REFERENCES_MAX 255

static shape_fn *const shapes[] = {
#define SHAPE_ROW(function, summary) function,
	SHAPES(SHAPE_ROW)
#undef SHAPE_ROW
};

static const struct {
	const char *type;
	uint32_t flags;
} roles[NR_CONTAINER_ROLES] = {
#define CONTAINER_ROLE_ROW(name, type, flags) [CONTAINER_##name] = { type, flags },
	CONTAINER_ROLES(CONTAINER_ROLE_ROW)
#undef CONTAINER_ROLE_ROW
};

bool container_has_no_pointers(enum container_role role)
{
	return roles[role].flags & TYPE_NO_POINTERS;
}

node_id shape_find_new(const struct containers *c, uint64_t addr)
{
	const uint32_t n = addr ? dump_find_block(c->heap->dump, addr) : NODE_NONE;

	if (n == NODE_NONE || c->blocks->addr[n] != addr ||
	    (!c->reader && c->blocks->kind[n] != HC_KIND_NEW))
		return NODE_NONE;
	return n;
}

struct walk {
	struct containers *c;
	bool only_counts;   /* references; the shapes have been asked */
	uint64_t low, high; /* every block of operator new begins in [low, high) */
};

static void count_reference(struct containers *c, const struct span *s, node_id block)
{
	uint8_t *count = s->is_passing ? &c->nr_passing[block] : &c->nr_lasting[block];

	if (*count < REFERENCES_MAX)
		++*count;
}

/* The words of [start, end), byte offsets into the span. */
static void walk_words(const struct walk *w, const struct span *s, uint64_t start, uint64_t end)
{
	for (uint64_t offset = start / 8 * 8; offset + 8 <= end; offset += 8) {
		const uint64_t word = load_word(s->bytes, offset);

		if (word - w->low >= w->high - w->low)
			continue;

		const node_id block = shape_find_new(w->c, word);

		if (block == NODE_NONE || (w->only_counts && shape_is_room(w->c, s->node, offset)))
			continue;
		count_reference(w->c, s, block);
		if (w->only_counts)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
			shapes[i](w->c, s, offset, block);
	}
}

static void walk_block(const struct walk *w, node_id n)
{
	const struct heap *h = w->c->heap;
	const struct span s = {
		.node = n,
		.addr = w->c->blocks->addr[n],
		.size = w->c->blocks->size[n],
		.bytes = dump_block_bytes(h->dump, n),
	};
	uint64_t start, end;

	if (!s.bytes || s.addr % 8 || object_type(h, n)->flags & TYPE_NO_POINTERS)
		return;
	for (uint64_t from = 0; dump_next_contents(h->dump, n, from, &start, &end); from = end)
		walk_words(w, &s, start, end);
}

static void walk_root(const struct walk *w, node_id n)
{
	const struct heap *h = w->c->heap;
	const struct root *root = &h->roots[n - h->nr_objects];
	const struct span s = {
		.node = n,
		.addr = root->addr,
		.size = root->size,
		.bytes = root->bytes,
		.is_passing = root->kind == ROOT_STACK || root->kind == ROOT_REGISTER,
	};

	if (s.bytes)
		walk_words(w, &s, 0, s.size);
}

static void walk_all(const struct walk *w)
{
	const struct heap *h = w->c->heap;

	memset(w->c->nr_lasting, 0, h->nr_objects);
	memset(w->c->nr_passing, 0, h->nr_objects);
	for (node_id n = 0; n < h->nr_objects; n++)
		walk_block(w, n);
	for (node_id n = h->nr_objects; n < h->nr_nodes; n++)
		walk_root(w, n);
}

/* False: there are none. */
static bool find_bounds(struct walk *w)
{
	const struct dump_blocks *b = w->c->blocks;

	for (size_t i = 0; i < b->nr; i++) {
		if (b->kind[i] != HC_KIND_NEW)
			continue;
		if (!w->high)
			w->low = b->addr[i];
		w->high = b->addr[i] + 1;
	}
	return w->high;
}

static void name_part(struct heap *h, node_id n, const char *name, uint32_t flags)
{
	h->type[n] = heap_intern_type(h, name, PROVENANCE_SHAPE, flags);
	h->types[h->type[n]].ops = &container_ops;
}

/* Items that have vtables: "std::vector<Page> items" for "Page[]". */
static void name_array(struct heap *h, node_id n)
{
	const struct type type = *object_type(h, n);
	const size_t len = strlen(type.name);

	if (!provenance_is(type.provenance, BY_VTABLE) || len < 2 ||
	    strcmp(type.name + len - 2, "[]"))
		return;

	_cleanup_free_ char *name = xasprintf("std::vector<%.*s> items", (int)len - 2, type.name);

	name_part(h, n, name, 0);
	h->types[h->type[n]].bases = type.bases;
}

static void name_parts(struct containers *c)
{
	struct heap *h = c->heap;

	for (node_id n = 0; n < h->nr_objects; n++) {
		const struct container_part *part = container_find_part(h, n);

		if (part && type_is_open(object_type(h, n)))
			name_part(h, n, roles[part->role].type, roles[part->role].flags);
		else if (part && part->role == CONTAINER_ITEMS)
			name_array(h, n);
	}
}

static bool has_module(const struct heap *h, const char *prefix)
{
	size_t nr;

	dump_modules(h->dump, &nr);
	for (size_t i = 0; i < nr; i++) {
		if (!strncmp(symbols_module_name(h->symbols, i), prefix, strlen(prefix)))
			return true;
	}
	return false;
}

static void containers_destroy(struct containers *c)
{
	free(c->part_of);
	map_deinit(&c->makers);
	free(c->doubted);
	free(c->parts);
	free(c->nodes);
	free(c->nr_lasting);
	free(c);
}

void container_settle(struct typing *t)
{
	struct containers *c = xcalloc(1, sizeof(*c));
	struct walk w = { .c = c };
	struct heap *h = t->heap;

	c->heap = h;
	c->blocks = t->blocks;
	c->has_llvm = has_module(h, "libc++.so");
	c->part_of = xcalloc(h->nr_objects + 1ul, sizeof(*c->part_of));
	h->containers = c;
	h->destroy_containers = containers_destroy;
	if (!t->has_text || !find_bounds(&w))
		return;
	c->nr_lasting = xcalloc(h->nr_objects, sizeof(*c->nr_lasting));
	c->nr_passing = xcalloc(h->nr_objects, sizeof(*c->nr_passing));
	walk_all(&w);
	if (shape_settle_proposals(c)) {
		w.only_counts = true;
		walk_all(&w);
	}
	/* Now that it is known what is room. */
	shape_doubt_left_fields(c, w.low, w.high);
	shape_settle_proposals(c);
	shape_keep_doubted(c);
	name_parts(c);
	free(c->nr_passing);
	free(c->proposals);
	c->nr_passing = NULL;
	c->proposals = NULL;
}
