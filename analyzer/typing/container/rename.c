/* SPDX-License-Identifier: MIT */
/*
 * Types as vtables and debug information call them are called as programs write them,
 * "Cache<std::string>"; those that only the library's insides have by what they belong to:
 * "std::map<int, Page> node" for "std::_Rb_tree_node<std::pair<int const, Page> >".
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "typing/container/container.h"
#include "typing/container/name.h"

/* Names as a program gave them, of functions and of what a text is stay as they are. */
static bool is_from_compiler(const struct type *type)
{
	return provenance_is(type->provenance, BY_COMPILER) && strstr(type->name, "std::");
}

/* The type that takes the place of type i; i itself where there is none. */
static uint32_t rename_type(struct heap *h, uint32_t i)
{
	const struct type type = h->types[i];
	_cleanup_free_ char *name = container_spell_part(type.name);

	if (!name && is_from_compiler(&type))
		name = container_spell(type.name);
	if (!name || !strcmp(name, type.name))
		return i;

	const uint32_t renamed = heap_intern_type(h, name, type.provenance, type.flags);

	h->types[renamed].bases = type.bases;
	h->types[renamed].ops = type.ops;
	return renamed;
}

void container_rename_types(struct heap *h)
{
	const uint32_t nr_types = h->nr_types;
	_cleanup_free_ uint32_t *renamed = xcalloc(nr_types, sizeof(*renamed));

	for (uint32_t i = 0; i < nr_types; i++)
		renamed[i] = rename_type(h, i);
	for (node_id n = 0; n < h->nr_objects; n++)
		h->type[n] = renamed[h->type[n]];
}
