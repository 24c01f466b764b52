/* SPDX-License-Identifier: MIT */
/*
 * Colours that go from what holds to what is held.  An object is coloured when the last of the
 * references to it was followed, so each object and each reference is met once.
 */
#include "typing/spread.h"

#include "base/mem.h"

#define SHARED UINT32_MAX

/*
 * left[n]: references to n that were not followed yet; 0 where n is in the queue or could be.
 * only[n]: the colour of all of those that were; SHARED: there were several.
 */
struct spread {
	const struct heap *heap;
	uint32_t *of;
	uint64_t *left;
	uint32_t *only;
	node_id *queue; /* [nr_objects] each at most once */
	uint32_t nr;
};

bool spread_is_passing(const struct heap *h, node_id from)
{
	return node_is_root(h, from) && h->roots[from - h->nr_objects].kind != ROOT_GLOBAL;
}

static uint64_t nr_owning_references(const struct heap *h, node_id n)
{
	uint64_t nr = 0;

	for (uint64_t k = h->in_first[n]; k < h->in_first[n + 1]; k++)
		nr += !spread_is_passing(h, h->in_from[k]);
	return nr;
}

static void spread_from_block(struct spread *sp, node_id block, uint32_t colour)
{
	const struct heap *h = sp->heap;

	for (uint64_t e = h->out_first[block]; e < h->out_first[block + 1]; e++) {
		const node_id to = h->out_to[e];

		sp->left[to]--;
		sp->only[to] = !sp->only[to] || sp->only[to] == colour ? colour : SHARED;
		if (!sp->left[to] && sp->only[to] != SHARED && !sp->of[to]) {
			sp->of[to] = sp->only[to];
			sp->queue[sp->nr++] = to;
		}
	}
}

void spread_colours(const struct heap *h, uint32_t *of)
{
	_cleanup_free_ uint64_t *left = xcalloc(h->nr_objects + 1ul, sizeof(*left));
	_cleanup_free_ uint32_t *only = xcalloc(h->nr_objects + 1ul, sizeof(*only));
	_cleanup_free_ node_id *queue = xcalloc(h->nr_objects + 1ul, sizeof(*queue));
	struct spread sp = { h, of, left, only, queue, 0 };

	for (node_id n = 0; n < h->nr_objects; n++) {
		left[n] = nr_owning_references(h, n);
		if (of[n])
			queue[sp.nr++] = n;
	}
	for (uint32_t i = 0; i < sp.nr; i++)
		for (node_id block = queue[i]; block != NODE_NONE; block = h->next_table[block])
			spread_from_block(&sp, block, of[queue[i]]);
}
