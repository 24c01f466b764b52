/* SPDX-License-Identifier: MIT */
/*
 * bytype: the type's name.  Types of one name and different provenance stay different rows.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "partition/kinds.h"
#include "partition/rules.h"

struct bytype {
	struct classifier base;
	struct heap *heap;
};

static uint32_t classify(struct classifier *c, node_id n)
{
	return ((struct bytype *)c)->heap->type[n];
}

static const char *name(struct classifier *c, uint32_t kind)
{
	return ((struct bytype *)c)->heap->types[kind].name;
}

static void destroy(struct classifier *c)
{
	free(c);
}

struct classifier *partition_create_bytype(struct heap *h)
{
	struct bytype *b = xcalloc(1, sizeof(*b));

	b->base = (struct classifier){ .refs = 1, "Type", classify, name, .destroy = destroy };
	b->heap = h;
	return &b->base;
}
