/* SPDX-License-Identifier: MIT */
/*
 * From offers to owners: each part's chain of holders is followed to the object at its end, which
 * every block on the way remembers.
 */
#include "heap/fold.h"

#include <stdlib.h>

#include "base/mem.h"

#define ON_THE_WAY NODE_NONE /* in root_of: the chain at hand has been here */

void fold_offer(struct heap *h, node_id part, node_id holder, uint64_t offset)
{
	uint64_t place = ((uint64_t)holder + 1) << 32 | offset / 8;

	if (offset / 8 > UINT32_MAX)
		place = FOLD_CONTESTED;
	if (!h->held)
		h->held = xcalloc(h->nr_objects + 1ul, sizeof(*h->held));
	if (!h->held[part])
		h->held[part] = place;
	else if (h->held[part] != place)
		h->held[part] = FOLD_CONTESTED;
}

/* Before anything is folded here: does the block count for its holder? */
static bool is_part(const struct heap *h, node_id n, const bool *is_apart)
{
	if (!fold_is_offered(h, n) || h->owner[n] != n || h->next_table[n] != NODE_NONE ||
	    provenance_is(object_type(h, n)->provenance, IS_ITSELF) || (is_apart && is_apart[n]))
		return false;

	const node_id holder = fold_holder(h, n);

	return h->owner[holder] == holder &&
	       object_type(h, holder)->provenance != PROVENANCE_CPYTHON;
}

struct chain {
	node_id *nodes;
	size_t nr, room;
};

/* Finds the object at the end of the chain that begins at n, for all blocks on it. */
static void find_root(const struct heap *h, struct chain *chain, node_id *root_of, node_id n,
		      const bool *is_apart)
{
	node_id root;

	chain->nr = 0;
	while (!root_of[n] && is_part(h, n, is_apart)) {
		chain->nodes =
			array_grow(chain->nodes, chain->nr, &chain->room, sizeof(*chain->nodes));
		chain->nodes[chain->nr++] = n;
		root_of[n] = ON_THE_WAY;
		n = fold_holder(h, n);
	}
	/* Nothing in a circle has an owner. */
	while (root_of[n] == ON_THE_WAY) {
		const node_id last = chain->nodes[--chain->nr];

		root_of[last] = last + 1;
		if (last == n)
			break;
	}
	root = root_of[n] ? root_of[n] - 1 : n;
	for (size_t i = 0; i < chain->nr; i++)
		root_of[chain->nodes[i]] = root + 1;
}

/* Back to blocks that count for themselves. */
static void unfold(struct heap *h)
{
	for (node_id n = 0; n < h->nr_objects; n++) {
		if (!fold_is_part(h, n))
			continue;

		const node_id owner = h->owner[n];

		h->size[owner] -= block_size(h, n);
		h->next_table[owner] = NODE_NONE;
		h->owner[n] = n;
		h->next_table[n] = NODE_NONE;
	}
}

void fold_apply(struct heap *h, const bool *is_apart)
{
	_cleanup_free_ node_id *root_of = NULL; /* + 1 */
	struct chain chain = { 0 };

	if (!h->held)
		return;
	unfold(h);
	root_of = xcalloc(h->nr_objects + 1ul, sizeof(*root_of));
	for (node_id n = 0; n < h->nr_objects; n++)
		find_root(h, &chain, root_of, n, is_apart);
	for (node_id n = 0; n < h->nr_objects; n++) {
		if (root_of[n] && root_of[n] - 1 != n)
			heap_fold(h, root_of[n] - 1, n);
	}
	free(chain.nodes);
}
