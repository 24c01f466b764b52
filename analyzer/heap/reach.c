/* SPDX-License-Identifier: MIT */
/*
 * A walk over the edges from all roots.
 */
#include "heap/reach.h"

#include "base/mem.h"

struct walk {
	const struct heap *h;
	uint8_t *is_reached;
	node_id *pending; /* reached, but not looked at: each object at most once */
	size_t nr_pending;
};

/* The edges of one block or root. */
static void walk_block(struct walk *w, node_id n)
{
	for (uint64_t e = w->h->out_first[n]; e < w->h->out_first[n + 1]; e++) {
		const node_id to = w->h->out_to[e];

		if (w->is_reached[to])
			continue;
		w->is_reached[to] = 1;
		w->pending[w->nr_pending++] = to;
	}
}

uint8_t *reach_create(const struct heap *h)
{
	struct walk w = {
		.h = h,
		.is_reached = xcalloc(h->nr_objects + 1ul, 1),
		.pending = xcalloc(h->nr_objects + 1ul, sizeof(*w.pending)),
	};

	for (node_id n = h->nr_objects; n < h->nr_nodes; n++)
		walk_block(&w, n);
	while (w.nr_pending) {
		const node_id n = w.pending[--w.nr_pending];

		walk_block(&w, n);
		for (node_id t = h->next_table[n]; t != NODE_NONE; t = h->next_table[t])
			walk_block(&w, t);
	}
	free(w.pending);
	return w.is_reached;
}
