/* SPDX-License-Identifier: MIT */
/*
 * byscope: the scope it was born in; nested ones as "outer/inner".
 */
#include <stdlib.h>

#include "base/mem.h"
#include "partition/kinds.h"
#include "partition/rules.h"

struct byscope {
	struct classifier base;
	const struct heap *heap;
	struct kinds kinds; /* of string indices */
};

static uint32_t classify(struct classifier *c, node_id n)
{
	struct byscope *b = (struct byscope *)c;
	const struct dump *d = b->heap->dump;
	size_t nr;

	return kinds_get(&b->kinds, dump_attrs(d, &nr)[dump_blocks(d)->attr[n]].scope);
}

static const char *name(struct classifier *c, uint32_t kind)
{
	const struct byscope *b = (struct byscope *)c;
	const uint32_t scope = (uint32_t)b->kinds.keys[kind];

	return scope ? dump_get_string(b->heap->dump, scope).bytes : "<no scope>";
}

static void destroy(struct classifier *c)
{
	kinds_deinit(&((struct byscope *)c)->kinds);
	free(c);
}

struct classifier *partition_create_byscope(struct heap *h)
{
	struct byscope *b = xcalloc(1, sizeof(*b));

	b->base = (struct classifier){ .refs = 1, "Scope", classify, name, .destroy = destroy };
	b->heap = h;
	return &b->base;
}
