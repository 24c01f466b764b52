/* SPDX-License-Identifier: MIT */
/*
 * byrcs: the set of the kinds (class, or dict of class) of the objects that refer to it.  What is
 * no object but holds some is a kind, too: <global>, <stack>, <register>, <tls>, <memory>.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "partition/clodo.h"
#include "partition/kindset.h"
#include "partition/rules.h"

struct byrcs {
	struct classifier base;
	struct clodo clodo;
	struct kindsets sets;
};

static const char *root_kind_name(enum root_kind kind)
{
	static const char *const names[] = {
		[ROOT_GLOBAL] = "<global>",	[ROOT_STACK] = "<stack>",
		[ROOT_REGISTER] = "<register>", [ROOT_TLS] = "<tls>",
		[ROOT_RANGE] = "<memory>",
	};

	return names[kind];
}

static uint32_t classify(struct classifier *c, node_id n)
{
	struct byrcs *b = (struct byrcs *)c;
	struct heap *h = b->clodo.heap;

	kindset_begin(&b->sets);
	for (uint64_t k = h->in_first[n]; k < h->in_first[n + 1]; k++) {
		const node_id from = h->in_from[k];

		if (!node_is_root(h, from) && !*heap_relation(h, from, h->in_offset[k], n))
			continue; /* not worth telling */
		kindset_add(&b->sets, node_is_root(h, from)
					      ? root_kind_name(h->roots[from - h->nr_objects].kind)
					      : clodo_name(&b->clodo, h->owner[from]));
	}
	return kindset_end(&b->sets);
}

static const char *name(struct classifier *c, uint32_t kind)
{
	const char *joined = kindset_name(&((struct byrcs *)c)->sets, kind, xstrdup);

	return *joined ? joined : "<Nothing>";
}

static void destroy(struct classifier *c)
{
	clodo_deinit(&((struct byrcs *)c)->clodo);
	kindsets_deinit(&((struct byrcs *)c)->sets);
	free(c);
}

struct classifier *partition_create_byrcs(struct heap *h)
{
	struct byrcs *b = xcalloc(1, sizeof(*b));

	b->base = (struct classifier){ .refs = 1,
				       "Referrers by Kind (class / dict of class)",
				       classify,
				       name,
				       .destroy = destroy };
	clodo_init(&b->clodo, h);
	return &b->base;
}
