/* SPDX-License-Identifier: MIT */
/*
 * C++ types carry the names of their bases; classes of Python have their method resolution order.
 */
#include "typing/subclass.h"

#include <string.h>

#include "base/mem.h"
#include "typing/cpython/value.h"

#define MRO_MAX 1024

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

const char *class_short_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

static bool type_derives(const struct type *type, const char *wanted)
{
	const char *end;

	for (const char *base = type->bases; (end = strchr(base, '\n')); base = end + 1) {
		_cleanup_free_ char *name = xstrndup(base, (size_t)(end - base));

		if (class_name_matches(name, wanted))
			return true;
	}
	return class_name_matches(type->name, wanted);
}

static bool python_class_derives(const struct cpython *p, const struct cpython_class *class,
				 const char *wanted)
{
	uint64_t base;

	for (int64_t i = 0; i < MRO_MAX && cpython_item(p, class->mro, i, &base); i++) {
		const struct cpython_class *c = cpython_find_class(p, base);

		if (c && class_name_matches(c->name, wanted))
			return true;
	}
	return false;
}

void subclass_add_types(const struct heap *h, const char *wanted, bool *types)
{
	const struct cpython *p = h->cpython;

	for (uint32_t i = 0; i < h->nr_types; i++)
		types[i] |= type_derives(&h->types[i], wanted);
	for (uint32_t i = 0; p && i < p->nr_classes; i++)
		if (!types[p->classes[i].type])
			types[p->classes[i].type] = python_class_derives(p, &p->classes[i], wanted);
}

bool *subclass_types(const struct heap *h, const char *wanted)
{
	bool *types = xcalloc(h->nr_types + 1ul, sizeof(*types));

	subclass_add_types(h, wanted, types);
	return types;
}
