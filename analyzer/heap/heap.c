/* SPDX-License-Identifier: MIT */
/*
 * The heap's life: made from a dump with one unknown type, given types by typing/, edges by graph.c
 * and names on demand. One thread; graph.c alone uses more.
 */
#include "heap/heap.h"

#include <stdlib.h>

#include "base/mem.h"
#include "heap/frame.h"
#include "heap/graph.h"
#include "heap/private.h"
#include "heap/root.h"
#include "heap/symbol.h"

struct heap *heap_create_empty(const struct dump *d, const struct heap_options *options)
{
	struct heap *h = xcalloc(1, sizeof(*h));
	struct heap_private *p = xcalloc(1, sizeof(*p));

	h->private = p;
	if (options)
		p->options = *options;
	p->names = intern_create();
	h->dump = d;
	h->symbols = symbols_create(d, p->options.symbol_path, p->names);
	return h;
}

void heap_need_sites(struct heap *h)
{
	struct heap_private *p = h->private;
	size_t nr_stacks;

	dump_stacks(h->dump, &nr_stacks);
	p->site_names = xcalloc(nr_stacks + 1, sizeof(*p->site_names));
	p->site_frames = xcalloc(nr_stacks + 1, sizeof(*p->site_frames));
}

struct heap *heap_create(const struct dump *d, const struct heap_options *options)
{
	struct heap *h = heap_create_empty(d, options);

	heap_need_sites(h);
	h->nr_objects = dump_blocks(d)->nr;
	h->type = xcalloc(h->nr_objects + 1ul, sizeof(*h->type));
	h->owner = xcalloc(h->nr_objects + 1ul, sizeof(*h->owner));
	h->next_table = xcalloc(h->nr_objects + 1ul, sizeof(*h->next_table));
	h->size = xcalloc(h->nr_objects + 1ul, sizeof(*h->size));
	h->head = xcalloc(h->nr_objects + 1ul, sizeof(*h->head));
	for (node_id n = 0; n < h->nr_objects; n++) {
		h->owner[n] = n;
		h->next_table[n] = NODE_NONE;
		h->size[n] = block_size(h, n);
		if (dump_blocks(d)->flags[n] & DUMP_BLOCK_INSERTED) /* not its arena's any more */
			h->size[dump_blocks(d)->parent[n]] -= block_size(h, n);
	}
	heap_intern_type(h, "<unknown>", PROVENANCE_NONE, TYPE_FALLBACK);
	roots_create(h);
	h->nr_nodes = h->nr_objects + h->nr_roots;
	return h;
}

void heap_close(struct heap *h)
{
	if (!h)
		return;
	if (h->cpython)
		h->destroy_cpython(h->cpython);
	if (h->containers)
		h->destroy_containers(h->containers);
	if (h->native)
		h->destroy_native(h->native);
	graph_deinit(h);
	free(h->interiors);
	frames_destroy(h->private->frames);
	symbols_destroy(h->symbols);
	map_deinit(&h->private->types);
	map_deinit(&h->private->wrappers);
	map_deinit(&h->private->relations);
	map_deinit(&h->private->root_relations);
	map_deinit(&h->private->root_uses);
	map_deinit(&h->private->joined);
	map_deinit(&h->private->qualified);
	intern_destroy(h->private->names);
	free(h->private->added_wrappers);
	free(h->private->edge_notes);
	free(h->private->site_names);
	free(h->private->site_frames);
	free(h->private->register_words);
	free(h->private);
	free(h->roots);
	free(h->types);
	free(h->type);
	free(h->owner);
	free(h->next_table);
	free(h->size);
	free(h->held);
	free(h->head);
	free(h);
}

struct error *heap_need_graph(struct heap *h)
{
	const struct heap_options *options = &h->private->options;

	if (heap_lacks(h))
		return error_create("%s: an outline has no references", dump_path(h->dump));
	return h->out_first ? NULL : graph_create(h, options->exact_edges, &options->progress);
}

void heap_fold(struct heap *h, node_id n, node_id t)
{
	if (h->private->options.unfolded)
		return;
	h->owner[t] = n;
	h->next_table[t] = h->next_table[n];
	h->next_table[n] = t;
	h->size[n] += block_size(h, t);
}

void heap_leave_out(struct heap *h, node_id n)
{
	if (!h->private->options.unfolded)
		h->owner[n] = NODE_NONE;
}

const char *const *heap_notes(const struct heap *h, size_t *nr)
{
	return symbols_notes(h->symbols, nr);
}

const char *heap_cache_path(const struct heap *h)
{
	return h->private->options.cache_path;
}

const struct progress *heap_progress(const struct heap *h)
{
	return &h->private->options.progress;
}

const char *heap_intern_name(struct heap *h, const char *name)
{
	return intern_string(h->private->names, name);
}

uint32_t heap_add_type(struct heap *h, const char *name, enum provenance provenance, uint32_t flags)
{
	struct heap_private *p = h->private;

	if (h->nr_types == p->types_room) {
		p->types_room = p->types_room ? p->types_room * 2 : 64;
		h->types = xrealloc(h->types, p->types_room, sizeof(*h->types));
	}
	h->types[h->nr_types] =
		(struct type){ intern_string(p->names, name), provenance, flags, "", NULL };
	return h->nr_types++;
}

uint32_t heap_intern_type(struct heap *h, const char *name, enum provenance provenance,
			  uint32_t flags)
{
	struct heap_private *p = h->private;
	const char *interned = intern_string(p->names, name);
	uint64_t *index = map_find_or_insert(&p->types, (uintptr_t)interned, provenance);

	if (*index != MAP_EMPTY)
		return *index;
	return *index = heap_add_type(h, interned, provenance, flags);
}
