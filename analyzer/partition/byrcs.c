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

/* What holds object n by its k-th reference: a kind; "" where it is not worth telling.  Sets how
 * much it says. */
static const char *find_holder(struct byrcs *b, node_id n, uint64_t k, enum relation_weight *weight)
{
	struct heap *h = b->clodo.heap;
	const node_id from = h->in_from[k];
	const uint32_t offset = h->in_offset[k];
	const char *name;

	if (node_is_root(h, from)) {
		name = heap_root_holder(h, from, offset);
		*weight = name ? RELATION_TOLD : heap_weigh_root(h, n);
		return name ? name : root_kind_name(h->roots[from - h->nr_objects].kind);
	}
	name = heap_relation(h, from, offset, n);
	if (!*name)
		return name;
	*weight = heap_weigh_relation(h, from, offset, n, name);
	return clodo_name(&b->clodo, h->owner[from]);
}

/* Adds what holds it by references of weights from least to most; returns how many there are that
 * say less. */
static uint64_t add_holders(struct byrcs *b, node_id n, enum relation_weight least,
			    enum relation_weight most)
{
	struct heap *h = b->clodo.heap;
	uint64_t nr_less = 0;

	for (uint64_t k = h->in_first[n]; k < h->in_first[n + 1]; k++) {
		enum relation_weight weight = RELATION_TOLD;
		const char *holder = find_holder(b, n, k, &weight);

		if (!*holder)
			continue;
		if (weight >= least && weight <= most)
			kindset_add(&b->sets, holder);
		nr_less += weight > most;
	}
	return nr_less;
}

static uint32_t classify(struct classifier *c, node_id n)
{
	struct byrcs *b = (struct byrcs *)c;
	uint64_t nr_left;

	kindset_begin(&b->sets);
	nr_left = add_holders(b, n, RELATION_TOLD, RELATION_NAMELESS);
	if (nr_left && kindset_is_empty(&b->sets))
		nr_left = add_holders(b, n, RELATION_QUIET, RELATION_QUIET);
	if (nr_left && kindset_is_empty(&b->sets))
		add_holders(b, n, RELATION_LAST, RELATION_LAST);
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
