/* SPDX-License-Identifier: MIT */
/*
 * Whose dict a dict is.
 */
#include "partition/clodo.h"

#include <stdlib.h>

#include "base/mem.h"
#include "typing/cpython/cpython.h"

static void set_owner(struct clodo *c, uint64_t dict, uint32_t type)
{
	const node_id n = dict ? cpython_find_object(c->heap->cpython, dict) : NODE_NONE;

	if (n != NODE_NONE)
		c->owner_type[n] = type + 1;
}

void clodo_init(struct clodo *c, struct heap *h)
{
	const struct cpython *p = h->cpython;

	*c = (struct clodo){ .heap = h };
	if (!p)
		return;
	c->owner_type = xcalloc(h->nr_objects + 1ul, sizeof(*c->owner_type));
	c->dict_of = xcalloc(h->nr_types + 1ul, sizeof(*c->dict_of));
	c->python_dict = heap_intern_name(h, "dict");
	for (node_id n = 0; n < h->nr_objects; n++)
		if (cpython_class_of(p, n))
			set_owner(c, cpython_instance_dict(p, object_addr(h, n)), h->type[n]);
	for (uint32_t i = 0; i < p->nr_classes; i++) {
		const struct cpython_class *meta = cpython_class_at(p, p->classes[i].addr);

		if (meta)
			set_owner(c, cpython_type_dict(p, p->classes[i].addr), meta->type);
	}
}

void clodo_deinit(struct clodo *c)
{
	free(c->owner_type);
	free(c->dict_of);
}

const char *clodo_name(struct clodo *c, node_id n)
{
	struct heap *h = c->heap;
	uint32_t owner;

	if (!clodo_is_dict(c, n))
		return object_type(h, n)->name;
	owner = c->owner_type[n];
	if (!owner)
		return heap_intern_name(h, "dict (no owner)");
	if (!c->dict_of[owner - 1]) {
		_cleanup_free_ char *name = xasprintf("dict of %s", h->types[owner - 1].name);

		c->dict_of[owner - 1] = heap_intern_name(h, name);
	}
	return c->dict_of[owner - 1];
}
