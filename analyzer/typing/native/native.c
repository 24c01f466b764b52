/* SPDX-License-Identifier: MIT */
/*
 * The state of native typing, and the memory of its types.
 */
#include "typing/native/native.h"

#include <stdlib.h>

#include "base/mem.h"
#include "typing/native/cache.h"
#include "typing/native/debug.h"
#include "typing/native/flow.h"
#include "typing/native/unit.h"

struct native *native_create(struct heap *h)
{
	struct native *n = xcalloc(1, sizeof(*n));

	n->heap = h;
	dump_modules(h->dump, &n->nr_modules);
	n->modules = xcalloc(n->nr_modules + 1, sizeof(struct debug *));
	return n;
}

void native_destroy(struct native *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->nr_modules; i++) {
		if (n->modules[i])
			cache_save(n->modules[i]);
	}
	for (size_t i = 0; i < n->nr_modules; i++)
		debug_close(n->modules[i]);
	flow_close(n);
	for (size_t i = 0; i < n->nr_allocations; i++)
		free(n->allocations[i]);
	map_deinit(&n->types);
	map_deinit(&n->pointers);
	map_deinit(&n->arrays);
	map_deinit(&n->counted);
	map_deinit(&n->die_types);
	map_deinit(&n->type_sources);
	map_deinit(&n->site_types);
	map_deinit(&n->union_targets);
	map_deinit(&n->returned);
	map_deinit(&n->layouts);
	map_deinit(&n->container_types);
	map_deinit(&n->container_parts);
	map_deinit(&n->bases);
	map_deinit(&n->inner_index);
	free(n->inners);
	map_deinit(&n->uses);
	map_deinit(&n->paths);
	free(n->conflicts);
	free(n->allocations);
	free(n->modules);
	free(n);
}

bool native_is_complete(const struct native *n)
{
	for (size_t i = 0; i < n->nr_modules; i++)
		if (n->modules[i] && n->modules[i]->is_partial)
			return false;
	return true;
}

void *native_keep(struct native *n, void *p)
{
	n->allocations = array_grow(n->allocations, n->nr_allocations, &n->allocations_room,
				    sizeof(*n->allocations));
	n->allocations[n->nr_allocations++] = p;
	return p;
}

void *native_alloc(struct native *n, size_t nr, size_t size)
{
	return native_keep(n, xcalloc(nr ? nr : 1, size));
}
