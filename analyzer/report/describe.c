/* SPDX-License-Identifier: MIT */
/*
 * What an address is, and the references around it.
 */
#include "report/describe.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "heap/fold.h"
#include "heap/root.h"
#include "heap/symbol.h"
#include "typing/native/block.h"
#include "typing/native/debug.h"

/* ---- references ---- */

static int compare_references(const void *a, const void *b)
{
	const struct described_references *x = a, *y = b;
	int order;

	if (x->nr != y->nr)
		return x->nr < y->nr ? 1 : -1;
	order = strcmp(x->relation, y->relation);
	if (order || !x->type || !y->type)
		return order ? order : !y->type - !x->type;
	return strcmp(x->type, y->type);
}

struct grouping {
	struct heap *heap;
	struct described_list *list;
	node_id left_out; /* references to it say nothing; NODE_NONE: all say something */
	struct map seen;  /* (relation, type's name) -> index in list */
};

/* One reference by that name; other: the object on its other end, NODE_NONE a root. */
static void add_reference(struct grouping *g, const char *relation, node_id other)
{
	struct described_list *list = g->list;
	const char *type = other == NODE_NONE ? NULL : object_type(g->heap, other)->name;
	uint64_t *index;

	if (!*relation)
		return;
	list->nr_references++;
	index = map_find_or_insert(&g->seen, (uintptr_t)relation, (uintptr_t)type);
	if (*index != MAP_EMPTY) {
		list->items[*index].nr++;
		return;
	}
	*index = list->nr;
	list->items = array_grow(list->items, list->nr, &list->room, sizeof(*list->items));
	list->items[list->nr++] = (struct described_references){ relation, type, 1, other };
}

static void grouping_end(struct grouping *g)
{
	if (g->list->nr)
		qsort(g->list->items, g->list->nr, sizeof(*g->list->items), compare_references);
	map_deinit(&g->seen);
}

/* Of the words that lead to the object of a part, those that lead to the part itself. */
static bool leads_to_part(const struct description *d, node_id from, uint32_t offset)
{
	const struct heap *h = d->heap;
	const uint8_t *bytes = node_is_root(h, from) ? h->roots[from - h->nr_objects].bytes
						     : dump_block_bytes(h->dump, from);
	uint64_t word;

	memcpy(&word, bytes + EDGE_OFFSET(offset), sizeof(word));
	return dump_find_block(h->dump, word) == d->object;
}

/* What a string that points into itself, or the ring of an empty list, leads to; NODE_NONE: tell
 * all of an object's references to itself. */
static node_id own_references(const struct description *d, bool all)
{
	const struct heap *h = d->heap;

	return all || object_type(h, d->object)->provenance == PROVENANCE_CPYTHON
		       ? NODE_NONE
		       : h->owner[d->object];
}

static void find_referrers(struct description *d, bool all)
{
	struct heap *h = d->heap;
	struct grouping g = { h, &d->referrers, NODE_NONE, { 0 } };
	const node_id owner = h->owner[d->object];

	if (owner == NODE_NONE)
		return;
	g.left_out = own_references(d, all);
	for (uint64_t k = h->in_first[owner]; k < h->in_first[owner + 1]; k++) {
		const node_id from = h->in_from[k];

		if ((!node_is_root(h, from) && h->owner[from] == g.left_out) ||
		    (owner != d->object && !leads_to_part(d, from, h->in_offset[k])))
			continue;
		add_reference(&g, heap_relation(h, from, h->in_offset[k], owner),
			      node_is_root(h, from) ? NODE_NONE : h->owner[from]);
	}
	grouping_end(&g);
}

/* Those of the words of one node that lie in its bytes [start, end). */
static void add_referents(struct grouping *g, node_id from, uint64_t start, uint64_t end)
{
	struct heap *h = g->heap;

	for (uint64_t e = h->out_first[from]; e < h->out_first[from + 1]; e++) {
		const uint64_t offset = EDGE_OFFSET(h->out_offset[e]);

		if (offset >= start && offset < end && h->out_to[e] != g->left_out)
			add_reference(g, heap_relation(h, from, h->out_offset[e], h->out_to[e]),
				      h->out_to[e]);
	}
}

static void find_referents(struct description *d, bool all)
{
	struct heap *h = d->heap;
	struct grouping g = { h, &d->referents, NODE_NONE, { 0 } };

	g.left_out = own_references(d, all);
	add_referents(&g, d->object, 0, UINT64_MAX);
	if (h->owner[d->object] == d->object) {
		for (node_id n = h->next_table[d->object]; n != NODE_NONE; n = h->next_table[n])
			add_referents(&g, n, 0, UINT64_MAX);
	}
	grouping_end(&g);
}

static void find_parts(struct description *d)
{
	struct heap *h = d->heap;
	struct grouping g = { h, &d->parts, NODE_NONE, { 0 } };

	for (node_id n = h->next_table[d->object]; n != NODE_NONE; n = h->next_table[n])
		if (fold_is_part(h, n))
			add_reference(&g, heap_part_name(h, n), n);
	grouping_end(&g);
}

struct error *describe_object(struct heap *h, node_id object, uint64_t asked,
			      const struct describe_options *options, struct description *d)
{
	struct error *error;

	*d = (struct description){ .heap = h,
				   .asked = asked,
				   .object = object,
				   .addr = object_addr(h, object),
				   .size = block_size(h, object),
				   .has_contents = dump_has_contents(h->dump) };
	if (!d->has_contents)
		return NULL;
	error = heap_need_graph(h);
	if (error)
		return error;
	describe_fields(d, options->all);
	find_referrers(d, options->all);
	find_referents(d, options->all);
	if (node_is_object(h, object))
		find_parts(d);
	return NULL;
}

/* ---- variables ---- */

static const char *variable_name(struct heap *h, const struct variable *v)
{
	_cleanup_free_ char *name = xasprintf("::%s%s%s", v->scope, *v->scope ? "." : "", v->name);

	return heap_intern_name(h, name);
}

/* The variable of debug information, the symbol, or at least the word. */
static void find_variable(struct description *d, const struct root *root)
{
	struct heap *h = d->heap;
	const uint64_t offset = d->asked - root->addr;
	struct variable v;
	struct symbol symbol;

	if (h->variable_name && native_find_variable(h, root, offset, &v)) {
		d->name = variable_name(h, &v);
		d->type = ctype_complete(h->native, v.type);
		d->addr = v.addr;
		d->size = d->type->size;
		return;
	}
	d->addr = d->asked / 8 * 8;
	d->size = 8;
	if (root->kind == ROOT_GLOBAL &&
	    symbols_find(h->symbols, d->asked, SYMBOL_OBJECT, &symbol)) {
		d->addr = symbol.addr;
		d->size = symbol.size;
	}
	d->name = root_name_word(h, root, d->addr < root->addr ? 0 : d->addr - root->addr);
}

/* It may lie in several pieces of the dump. */
static void find_referents_of_variable(struct description *d)
{
	struct heap *h = d->heap;
	struct grouping g = { h, &d->referents, NODE_NONE, { 0 } };

	for (uint32_t i = 0; i < h->nr_roots; i++) {
		const struct root *r = &h->roots[i];
		const uint64_t start = r->addr < d->addr ? d->addr - r->addr : 0;

		if (r->kind != ROOT_REGISTER && r->addr < d->addr + d->size &&
		    d->addr < r->addr + r->size)
			add_referents(&g, h->nr_objects + i, start, d->addr + d->size - r->addr);
	}
	grouping_end(&g);
}

static const char *root_kind_name(enum root_kind kind)
{
	static const char *const names[] = {
		[ROOT_GLOBAL] = "global variable",   [ROOT_STACK] = "on a stack",
		[ROOT_REGISTER] = "register",	     [ROOT_TLS] = "thread-local storage",
		[ROOT_RANGE] = "memory of no block",
	};

	return names[kind];
}

static struct error *describe_variable(struct heap *h, const struct root *root,
				       const struct describe_options *options,
				       struct description *d)
{
	struct error *error = heap_need_graph(h);

	if (error)
		return error;
	find_variable(d, root);
	d->what = root_kind_name(root->kind);
	describe_fields(d, options->all);
	find_referents_of_variable(d);
	return NULL;
}

struct error *describe_addr(struct heap *h, uint64_t addr, const struct describe_options *options,
			    struct description *d)
{
	const uint32_t block = dump_find_block(h->dump, addr);
	const struct root *root;
	struct pointee p;

	if (block != UINT32_MAX)
		return describe_object(h,
				       h->owner[block] == NODE_NONE || fold_is_part(h, block)
					       ? block
					       : h->owner[block],
				       addr, options, d);
	*d = (struct description){ .heap = h,
				   .asked = addr,
				   .object = NODE_NONE,
				   .addr = addr,
				   .has_contents = dump_has_contents(h->dump) };
	root = root_find(h, addr);
	if (root)
		return describe_variable(h, root, options, d);
	pointee_find(h, addr, NULL, &p);
	pointee_deinit(&p);
	d->name = p.name;
	d->what = p.kind == POINTEE_CODE ? "code" : "constant";
	if (!d->name)
		return error_create("%s: nothing that the dump knows lies at 0x%" PRIx64,
				    dump_path(h->dump), addr);
	return NULL;
}

static void reading_deinit(struct described_reading *r)
{
	for (size_t i = 0; i < r->nr; i++) {
		struct described_field *f = &r->fields[i];

		if (f->leads_to)
			pointee_deinit(f->leads_to);
		free(f->leads_to);
		free(f->value);
		free(f->path);
	}
	free(r->fields);
}

void describe_deinit(struct description *d)
{
	for (unsigned int i = 0; i < d->nr_readings; i++)
		reading_deinit(&d->readings[i]);
	free(d->parts.items);
	free(d->referrers.items);
	free(d->referents.items);
}
