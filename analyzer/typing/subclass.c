/* SPDX-License-Identifier: MIT */
/*
 * Types carry the names of all classes that they derive from.
 */
#include "typing/subclass.h"

#include <string.h>

#include "base/mem.h"

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

void subclass_add_types(const struct heap *h, const char *wanted, bool *types)
{
	for (uint32_t i = 0; i < h->nr_types; i++)
		types[i] |= type_derives(&h->types[i], wanted);
}

bool *subclass_types(const struct heap *h, const char *wanted)
{
	bool *types = xcalloc(h->nr_types + 1ul, sizeof(*types));

	subclass_add_types(h, wanted, types);
	return types;
}
