/* SPDX-License-Identifier: MIT */
/*
 * byclodo: Guppy's "class or dict of class".  Types of one name and different provenance are
 * different rows, as in bytype.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "partition/clodo.h"
#include "partition/kinds.h"
#include "partition/rules.h"

struct byclodo {
	struct classifier base;
	struct clodo clodo;
	struct kinds kinds; /* of a type's index, or of the name of a dict's kind */
};

/* Names are pointers, which no index of a type is as large as. */
static bool is_type(const struct byclodo *b, uint64_t key)
{
	return key < b->clodo.heap->nr_types;
}

static uint32_t classify(struct classifier *c, node_id n)
{
	struct byclodo *b = (struct byclodo *)c;

	return clodo_is_dict(&b->clodo, n) ? kinds_get_name(&b->kinds, clodo_name(&b->clodo, n))
					   : kinds_get(&b->kinds, b->clodo.heap->type[n]);
}

static const char *name(struct classifier *c, uint32_t kind)
{
	const struct byclodo *b = (struct byclodo *)c;
	const uint64_t key = b->kinds.keys[kind];

	return is_type(b, key) ? b->clodo.heap->types[key].name : kinds_name(&b->kinds, kind);
}

static void destroy(struct classifier *c)
{
	struct byclodo *b = (struct byclodo *)c;

	kinds_deinit(&b->kinds);
	clodo_deinit(&b->clodo);
	free(b);
}

struct classifier *partition_create_byclodo(struct heap *h)
{
	struct byclodo *b = xcalloc(1, sizeof(*b));

	b->base = (struct classifier){
		.refs = 1, "Kind (class / dict of class)", classify, name, .destroy = destroy
	};
	clodo_init(&b->clodo, h);
	return &b->base;
}
