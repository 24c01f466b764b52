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

/* Adds the relations of weights from least to most; returns how many there are that say less. */
static uint64_t add_relations(struct byvia *b, node_id n, enum relation_weight least,
			      enum relation_weight most)
{
	struct heap *h = b->heap;
	uint64_t nr_less = 0;

	for (uint64_t k = h->in_first[n]; k < h->in_first[n + 1]; k++) {
		const node_id from = h->in_from[k];
		const char *relation = heap_relation(h, from, h->in_offset[k], n);

		if (!*relation)
			continue;

		const enum relation_weight weight =
			heap_weigh_relation(h, from, h->in_offset[k], n, relation);

		if (weight >= least && weight <= most)
			kindset_add(&b->sets, heap_qualify_relation(h, from, relation));
		nr_less += weight > most;
	}
	return nr_less;
}

static uint32_t classify(struct classifier *c, node_id n)
{
	struct byvia *b = (struct byvia *)c;
	uint64_t nr_left;

	kindset_begin(&b->sets);
	nr_left = add_relations(b, n, RELATION_TOLD, RELATION_TOLD);
	if (nr_left && kindset_is_empty(&b->sets))
		nr_left = add_relations(b, n, RELATION_NAMELESS, RELATION_QUIET);
	if (nr_left && kindset_is_empty(&b->sets))
		add_relations(b, n, RELATION_LAST, RELATION_LAST);
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
