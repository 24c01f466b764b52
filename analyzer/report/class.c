/* SPDX-License-Identifier: MIT */
/*
 * Classes, and their objects by age.
 */
#include "report/class.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "typing/cpython/cpython.h"
#include "typing/subclass.h"

/* The C structures of a Python process are the interpreter's: what its program names are classes.
 */
static bool is_named_by_program(const struct heap *h, const struct type *type)
{
	if (type->provenance == PROVENANCE_CPYTHON) /* which ones: add_python_classes */
		return false;
	return provenance_is(type->provenance, h->cpython ? IS_ITSELF : IS_ITSELF | BY_DEBUG);
}

static void add_python_classes(struct classes *c, const struct heap *h)
{
	const struct cpython *p = h->cpython;
	_cleanup_free_ bool *tracked = subclass_types(h, CLASS_TRACKREF);
	bool has_trackref = false;

	for (uint32_t i = 0; i < p->nr_classes; i++)
		has_trackref |= tracked[p->classes[i].type];
	for (uint32_t i = 0; i < p->nr_classes; i++) {
		const uint32_t type = p->classes[i].type;

		c->is_class[type] |= has_trackref ? tracked[type] : p->classes[i].is_heap;
		c->is_short[type] |= has_trackref && tracked[type];
	}
}

void classes_init(struct classes *c, const struct heap *h)
{
	c->is_class = xcalloc(h->nr_types + 1ul, sizeof(*c->is_class));
	c->is_short = xcalloc(h->nr_types + 1ul, sizeof(*c->is_short));
	for (uint32_t i = 0; i < h->nr_types; i++)
		c->is_class[i] = is_named_by_program(h, &h->types[i]);
	if (h->cpython)
		add_python_classes(c, h);
}

void classes_deinit(struct classes *c)
{
	free(c->is_class);
	free(c->is_short);
}

const char *classes_name(const struct classes *c, const struct heap *h, uint32_t type)
{
	const char *name = h->types[type].name;

	return c->is_short[type] ? class_short_name(name) : name;
}

/* In the process of a trackref, its classes are meant where one of them matches. */
static void prefer_tracked(const struct heap *h, bool *types)
{
	_cleanup_(classes_deinit) struct classes classes;
	bool has_tracked = false;

	classes_init(&classes, h);
	for (uint32_t i = 0; i < h->nr_types; i++)
		has_tracked |= types[i] && classes.is_short[i];
	for (uint32_t i = 0; i < h->nr_types && has_tracked; i++)
		types[i] &= classes.is_short[i];
}

bool *classes_named(const struct heap *h, const char *wanted)
{
	bool *types = xcalloc(h->nr_types + 1ul, sizeof(*types));
	bool is_whole = false;

	for (uint32_t i = 0; i < h->nr_types; i++) {
		types[i] = !strcmp(h->types[i].name, wanted);
		is_whole |= types[i];
	}
	if (is_whole)
		return types;
	for (uint32_t i = 0; i < h->nr_types; i++)
		types[i] = class_name_matches(h->types[i].name, wanted);
	if (h->cpython)
		prefer_tracked(h, types);
	return types;
}

static int compare_birth(const void *a, const void *b, void *arg)
{
	const struct dump_blocks *blocks = arg;
	const node_id x = *(const node_id *)a, y = *(const node_id *)b;

	if (blocks->tick[x] != blocks->tick[y])
		return blocks->tick[x] < blocks->tick[y] ? -1 : 1;
	if (blocks->thread[x] != blocks->thread[y])
		return blocks->thread[x] < blocks->thread[y] ? -1 : 1;
	if (blocks->seq[x] != blocks->seq[y])
		return blocks->seq[x] < blocks->seq[y] ? -1 : 1;
	return (x > y) - (x < y);
}

void class_sort_by_age(const struct heap *h, node_id *ids, uint32_t nr)
{
	if (nr)
		qsort_r(ids, nr, sizeof(*ids), compare_birth, (void *)dump_blocks(h->dump));
}

node_id *class_objects(const struct heap *h, const char *wanted, uint32_t *nr)
{
	_cleanup_free_ bool *matches = classes_named(h, wanted);
	node_id *ids = NULL;
	size_t capacity = 0;

	*nr = 0;
	for (node_id n = 0; n < h->nr_objects; n++) {
		if (!matches[h->type[n]] || !node_is_object(h, n))
			continue;
		ids = array_grow(ids, *nr, &capacity, sizeof(*ids));
		ids[(*nr)++] = n;
	}
	class_sort_by_age(h, ids, *nr);
	return ids;
}

uint32_t class_count_parts(const struct heap *h, const char *wanted)
{
	_cleanup_free_ bool *matches = classes_named(h, wanted);
	uint32_t nr = 0;

	for (node_id n = 0; n < h->nr_objects; n++)
		nr += matches[h->type[n]] && h->owner[n] != n && h->owner[n] != NODE_NONE;
	return nr;
}
