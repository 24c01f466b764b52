/* SPDX-License-Identifier: MIT */
/*
 * Texts of Python objects.
 */
#include "report/preview_python.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "typing/cpython/value.h"

#define REPR_MOST  72 /* bytes of one text */
#define TEXTS_MOST 3
#define NAME_MOST  40

static bool is_text(const struct cpython *p, uint64_t object)
{
	struct cpython_text text;

	return cpython_get_text(p, object, &text);
}

static char *add_text(const struct cpython *p, char *before, const char *name, uint64_t value)
{
	_cleanup_free_ char *repr = cpython_repr(p, value, REPR_MOST);
	_cleanup_free_ char *escaped = text_escape_max(name, strlen(name), NAME_MOST);
	char *after = xasprintf("%s%s%s=%s", before, *before ? " " : "", escaped, repr);

	free(before);
	return after;
}

/* What CPython's own objects are called by. */
static bool find_name(struct cpython *p, uint64_t object, const char **name, uint64_t *value)
{
	static const char *const names[] = { "__qualname__", "co_qualname", "__name__", "co_name" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		*name = names[i];
		if (cpython_plain_attribute(p, object, *name, value) && is_text(p, *value))
			return true;
	}
	return false;
}

char *preview_python(const struct heap *h, node_id n)
{
	struct cpython *p = h->cpython;
	const uint64_t object = object_addr(h, n);
	char *preview = cpython_value_repr(p, object, REPR_MOST);
	struct cpython_items items;
	const char *name;
	uint64_t value;

	if (preview)
		return preview;
	preview = xstrdup("");
	cpython_instance_open(p, object, &items);
	for (int nr = 0; nr < TEXTS_MOST && cpython_items_next(&items);) {
		_cleanup_free_ char *key = cpython_get_utf8(p, items.key, NAME_MOST);

		if (!key || !is_text(p, items.value))
			continue;
		preview = add_text(p, preview, key, items.value);
		nr++;
	}
	if (!*preview && find_name(p, object, &name, &value))
		preview = add_text(p, preview, name, value);
	return preview;
}

static char *get_text(const struct cpython *p, uint64_t object)
{
	struct cpython_text text;

	if (!cpython_get_text(p, object, &text))
		return NULL;
	return text.is_str ? cpython_get_utf8(p, object, CPYTHON_REPR_MAX)
			   : xstrndup((const char *)text.bytes, text.length);
}

char *preview_python_text(const struct heap *h, node_id n)
{
	struct cpython *p = h->cpython;
	const uint64_t object = object_addr(h, n);
	char *text = get_text(p, object);
	struct cpython_items items;
	const char *name;
	uint64_t value;

	if (text)
		return text;
	for (cpython_instance_open(p, object, &items); cpython_items_next(&items);)
		if ((text = get_text(p, items.value)))
			return text;
	return find_name(p, object, &name, &value) ? get_text(p, value) : NULL;
}
