/* SPDX-License-Identifier: MIT */
/*
 * byscope: the scope it was born in, nested ones as "outer/inner"; in a process with Scrapy, for
 * what was born outside of any, the spider that it belongs to.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "partition/kinds.h"
#include "partition/rules.h"
#include "typing/spider.h"

struct byscope {
	struct classifier base;
	struct heap *heap;
	struct spiders spiders;
	const char **scopes; /* [nr attrs] interned; NULL until asked for */
	struct kinds kinds;  /* of interned names */
};

/* NULL: it has none. */
static const char *scope_name(struct byscope *b, node_id n)
{
	const struct dump *d = b->heap->dump;
	const uint16_t attr = dump_blocks(d)->attr[n];
	size_t nr;
	const uint32_t scope = dump_attrs(d, &nr)[attr].scope;

	if (scope && !b->scopes[attr])
		b->scopes[attr] = heap_intern_name(b->heap, dump_get_string(d, scope).bytes);
	return b->scopes[attr];
}

static uint32_t classify(struct classifier *c, node_id n)
{
	struct byscope *b = (struct byscope *)c;
	const char *scope = scope_name(b, n);

	if (!scope && b->spiders.of)
		scope = b->spiders.names[b->spiders.of[n]];
	return kinds_get_name(&b->kinds, scope);
}

static const char *name(struct classifier *c, uint32_t kind)
{
	const char *scope = kinds_name(&((struct byscope *)c)->kinds, kind);

	return scope ? scope : "<no scope>";
}

static void destroy(struct classifier *c)
{
	struct byscope *b = (struct byscope *)c;

	kinds_deinit(&b->kinds);
	spiders_deinit(&b->spiders);
	free(b->scopes);
	free(b);
}

struct classifier *partition_create_byscope(struct heap *h)
{
	struct byscope *b = xcalloc(1, sizeof(*b));
	size_t nr_attrs;

	dump_attrs(h->dump, &nr_attrs);
	b->base = (struct classifier){ .refs = 1, "Scope", classify, name, .destroy = destroy };
	b->heap = h;
	b->scopes = xcalloc(nr_attrs + 1, sizeof(*b->scopes));
	spiders_init(&b->spiders, h);
	return &b->base;
}
