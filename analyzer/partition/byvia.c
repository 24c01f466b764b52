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

static uint32_t classify(struct classifier *c, node_id n)
{
	struct byvia *b = (struct byvia *)c;
	struct heap *h = b->heap;

	kindset_begin(&b->sets);
	for (uint64_t k = h->in_first[n]; k < h->in_first[n + 1]; k++) {
		const char *relation = heap_relation(h, h->in_from[k], h->in_offset[k], n);

		if (*relation)
			kindset_add(&b->sets, relation);
	}
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
