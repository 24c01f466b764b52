/* SPDX-License-Identifier: MIT */
/*
 * bytype: the type's name.  Two classes of one name are two kinds; one C or C++ type is one,
 * however it was told.
 */
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "partition/kinds.h"
#include "partition/rules.h"

struct bytype {
	struct classifier base;
	struct heap *heap;
	uint32_t *first; /* [nr_types] the type itself, or the first that is the same */
};

static uint32_t classify(struct classifier *c, node_id n)
{
	const struct bytype *b = (struct bytype *)c;

	return b->first[b->heap->type[n]];
}

static const char *name(struct classifier *c, uint32_t kind)
{
	return ((struct bytype *)c)->heap->types[kind].name;
}

static void destroy(struct classifier *c)
{
	free(((struct bytype *)c)->first);
	free(c);
}

static uint32_t *find_first(const struct heap *h)
{
	uint32_t *first = xcalloc(h->nr_types, sizeof(*first));
	struct map names = { 0 }; /* (interned name, 0) -> native type */

	for (uint32_t i = 0; i < h->nr_types; i++) {
		first[i] = i;
		if (!provenance_is(h->types[i].provenance, IS_NATIVE))
			continue;

		uint64_t *slot = map_find_or_insert(&names, (uintptr_t)h->types[i].name, 0);

		if (*slot == MAP_EMPTY)
			*slot = i;
		first[i] = *slot;
	}
	map_deinit(&names);
	return first;
}

struct classifier *partition_create_bytype(struct heap *h)
{
	struct bytype *b = xcalloc(1, sizeof(*b));

	b->base = (struct classifier){ .refs = 1, "Type", classify, name, .destroy = destroy };
	b->heap = h;
	b->first = find_first(h);
	return &b->base;
}
