/* SPDX-License-Identifier: MIT */
/*
 * byreach: what a root leads to, and what is alive although nothing does.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "heap/reach.h"
#include "partition/rules.h"

struct byreach {
	struct classifier base;
	uint8_t *is_reached; /* heap/reach.h */
};

static uint32_t classify(struct classifier *c, node_id n)
{
	return !((struct byreach *)c)->is_reached[n];
}

static const char *name(struct classifier *c, uint32_t kind)
{
	(void)c;
	return kind ? "garbage" : "reachable";
}

static void destroy(struct classifier *c)
{
	free(((struct byreach *)c)->is_reached);
	free(c);
}

struct classifier *partition_create_byreach(struct heap *h)
{
	struct byreach *b = xcalloc(1, sizeof(*b));

	b->base = (struct classifier){
		.refs = 1, "Reachable from Roots", classify, name, .destroy = destroy
	};
	b->is_reached = reach_create(h);
	return &b->base;
}
