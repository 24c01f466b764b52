/* SPDX-License-Identifier: MIT */
/*
 * byvia: the set of relations by which anything, roots included, refers to the object.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "partition/kindset.h"
#include "base/repr.h"
#include "partition/rules.h"

struct byvia {
	struct classifier base;
	struct heap *heap;
	struct kindsets sets;
};

/* Adds the relations that are told, or those that are not; returns how many of the others are. */
static uint64_t add_relations(struct byvia *b, node_id n, bool is_told)
{
	struct heap *h = b->heap;
	uint64_t nr_others = 0;

	for (uint64_t k = h->in_first[n]; k < h->in_first[n + 1]; k++) {
		const node_id from = h->in_from[k];
		const char *relation = heap_relation(h, from, h->in_offset[k], n);

		if (!*relation)
			continue;
		if ((heap_weigh_relation(h, from, h->in_offset[k], n, relation) == RELATION_TOLD) ==
		    is_told)
			kindset_add(&b->sets, heap_qualify_relation(h, from, relation));
		else
			nr_others++;
	}
	return nr_others;
}

static uint32_t classify(struct classifier *c, node_id n)
{
	struct byvia *b = (struct byvia *)c;
	uint64_t nr_quiet;

	kindset_begin(&b->sets);
	nr_quiet = add_relations(b, n, true);
	if (nr_quiet && kindset_is_empty(&b->sets))
		add_relations(b, n, false);
	return kindset_end(&b->sets);
}

static const char *name(struct classifier *c, uint32_t kind)
{
	return kindset_name(&((struct byvia *)c)->sets, kind, repr);
}

static void destroy(struct classifier *c)
{
	kindsets_deinit(&((struct byvia *)c)->sets);
	free(c);
}

struct classifier *partition_create_byvia(struct heap *h)
{
	struct byvia *b = xcalloc(1, sizeof(*b));

	b->base = (struct classifier){
		.refs = 1, "Referred Via:", classify, name, .destroy = destroy
	};
	b->heap = h;
	return &b->base;
}
