/* SPDX-License-Identifier: MIT */
/*
 * How sure references are: what the types say of the words that they come from.
 */
#include <string.h>

#include "heap/heap.h"
#include "heap/private.h"
#include "heap/symbol.h"

/* The words of roots are few, and their variables are long to find. */
static enum word_use variable_use(struct heap *h, node_id from, uint64_t offset)
{
	uint64_t *known = map_find_or_insert(&h->private->root_uses, from, offset);

	if (*known == MAP_EMPTY)
		*known = h->variable_use(h, &h->roots[from - h->nr_objects], offset);
	return (enum word_use) * known;
}

enum word_use heap_word_use(struct heap *h, node_id from, uint64_t offset)
{
	const struct type_ops *ops;

	if (!node_is_root(h, from)) {
		if (heap_given_name(h, from, offset))
			return WORD_POINTER;
		ops = object_type(h, from)->ops;
		return ops && ops->use ? ops->use(h, from, offset) : WORD_UNKNOWN;
	}
	ops = h->root_ops;
	if (ops && ops->use && ops->use(h, from, offset) == WORD_POINTER)
		return WORD_POINTER;
	return h->variable_use ? variable_use(h, from, offset) : WORD_UNKNOWN;
}

enum edge_kind heap_edge_kind(struct heap *h, node_id from, uint32_t offset)
{
	switch (heap_word_use(h, from, EDGE_OFFSET(offset))) {
	case WORD_POINTER:
		return offset & EDGE_INTERIOR ? EDGE_KIND_INTERIOR : EDGE_KIND_EXACT;
	case WORD_SLACK:
		return EDGE_KIND_SLACK;
	case WORD_UNKNOWN:
		break;
	}
	return EDGE_KIND_CONSERVATIVE;
}

static void add_notes(struct heap *h)
{
	const char *notes = h->private->edge_notes;

	for (size_t at = 0; at < h->private->edge_notes_len; at += strlen(notes + at) + 1)
		symbols_add_note(h->symbols, notes + at);
}

struct error *heap_count_edges(struct heap *h)
{
	struct error *error;

	if (h->has_edge_counts) {
		add_notes(h);
		return NULL;
	}
	error = heap_need_graph(h);
	if (error)
		return error;
	for (node_id n = 0; n < h->nr_nodes; n++) {
		for (uint64_t e = h->out_first[n]; e < h->out_first[n + 1]; e++)
			h->edge_counts[heap_edge_kind(h, n, h->out_offset[e])]++;
	}
	h->has_edge_counts = true;
	return NULL;
}
