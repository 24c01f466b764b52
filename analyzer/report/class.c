/* SPDX-License-Identifier: MIT */
/*
 * Classes by name, and their objects by age.
 */
#include "report/class.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

bool type_is_class(const struct type *type)
{
	switch (type->provenance) {
	case PROVENANCE_TAG:
	case PROVENANCE_CPYTHON:
	case PROVENANCE_VTABLE_RTTI:
	case PROVENANCE_VTABLE_SYMBOL:
	case PROVENANCE_VTABLE_SHAPE:
		return true;
	case PROVENANCE_LAYOUT:
	case PROVENANCE_CONTENT:
	case PROVENANCE_SITE:
	case PROVENANCE_NONE:
	case NR_PROVENANCES:
		return false;
	}
	return false;
}

bool class_name_matches(const char *name, const char *wanted)
{
	const size_t len = strlen(name), want = strlen(wanted);
	char before;

	if (!want || want > len || strcmp(name + len - want, wanted) != 0)
		return false;
	if (want == len)
		return true;
	/* The component must begin there, outside of template arguments. */
	before = name[len - want - 1];
	if (before != '.' && before != ':')
		return false;
	for (int i = 0, depth = 0; i < (int)(len - want); i++) {
		depth += name[i] == '<' ? 1 : name[i] == '>' ? -1 : 0;
		if (i + 1 == (int)(len - want) && depth != 0)
			return false;
	}
	return true;
}

bool type_is_or_derives(const struct type *type, const char *wanted)
{
	const char *end;

	for (const char *base = type->bases; (end = strchr(base, '\n')); base = end + 1) {
		_cleanup_free_ char *name = xstrndup(base, (size_t)(end - base));

		if (class_name_matches(name, wanted))
			return true;
	}
	return class_name_matches(type->name, wanted);
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

node_id *class_objects(const struct heap *h, const char *wanted, uint32_t *nr)
{
	_cleanup_free_ bool *matches = xcalloc(h->nr_types + 1ul, sizeof(*matches));
	node_id *ids = NULL;
	size_t capacity = 0;

	*nr = 0;
	for (uint32_t i = 0; i < h->nr_types; i++)
		matches[i] = class_name_matches(h->types[i].name, wanted);
	for (node_id n = 0; n < h->nr_objects; n++) {
		if (!matches[h->type[n]])
			continue;
		ids = array_grow(ids, *nr, &capacity, sizeof(*ids));
		ids[(*nr)++] = n;
	}
	if (ids)
		qsort_r(ids, *nr, sizeof(*ids), compare_birth, (void *)dump_blocks(h->dump));
	return ids;
}
