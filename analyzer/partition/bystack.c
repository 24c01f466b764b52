/* SPDX-License-Identifier: MIT */
/*
 * Kinds by allocating stack, cached an entry a stack.
 */
#include "partition/bystack.h"

#include <stdlib.h>

#include "base/mem.h"
#include "partition/kinds.h"

struct bystack {
	struct classifier base;
	struct heap *heap;
	site_name_fn *name;
	const char *missing;
	struct kinds kinds;
	size_t nr_stacks;
	uint32_t *kind_of; /* [2 * nr_stacks], Python's objects behind others: kind + 1; 0: not
			      known yet */
};

static uint32_t classify(struct classifier *c, node_id n)
{
	struct bystack *b = (struct bystack *)c;
	const struct dump_blocks *blocks = dump_blocks(b->heap->dump);
	uint32_t *cached = &b->kind_of[blocks->stack[n] +
				       (blocks->kind[n] == HC_KIND_PYTHON ? b->nr_stacks : 0)];

	if (!*cached) {
		const char *text = b->name(b->heap, n);

		*cached = kinds_get_name(&b->kinds, *text ? text : b->missing) + 1;
	}
	return *cached - 1;
}

static const char *name(struct classifier *c, uint32_t kind)
{
	return kinds_name(&((struct bystack *)c)->kinds, kind);
}

static void destroy(struct classifier *c)
{
	struct bystack *b = (struct bystack *)c;

	kinds_deinit(&b->kinds);
	free(b->kind_of);
	free(b);
}

struct classifier *partition_create_bystack(struct heap *h, const char *header,
					    site_name_fn *site_name, const char *missing)
{
	struct bystack *b = xcalloc(1, sizeof(*b));

	dump_stacks(h->dump, &b->nr_stacks);
	b->base = (struct classifier){ .refs = 1, header, classify, name, .destroy = destroy };
	b->heap = h;
	b->name = site_name;
	b->missing = missing;
	b->kind_of = xcalloc(2 * b->nr_stacks, sizeof(*b->kind_of));
	return &b->base;
}
