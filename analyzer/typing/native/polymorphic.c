/* SPDX-License-Identifier: MIT */
/*
 * An object with a vtable says its class by itself; debug information adds the fields.  They are
 * looked up by the class's name in the module that has the vtable; where that spells the name in
 * another way (template arguments), and of what the program tagged, by the place that allocated it.
 * A layout of another size than the object's is another class of that name.
 */
#include "typing/native/polymorphic.h"

#include <string.h>

#include "base/mem.h"
#include "typing/native/block.h"
#include "typing/native/debug.h"
#include "typing/native/site.h"

static bool has_own_name(const struct type *type)
{
	return type->provenance == PROVENANCE_VTABLE_RTTI ||
	       type->provenance == PROVENANCE_VTABLE_SYMBOL || type->provenance == PROVENANCE_TAG;
}

/* Several classes may have one name in an anonymous namespace. */
static const struct ctype *find_by_name(struct native *n, node_id block, const char *name)
{
	const uint8_t *bytes = dump_block_bytes(n->heap->dump, block);
	const size_t len = strlen(name);
	_cleanup_free_ char *element = NULL;
	uint64_t vtable;

	if (!bytes || block_size(n->heap, block) < sizeof(vtable) ||
	    strstr(name, "(anonymous namespace)"))
		return NULL;
	if (len > 2 && !strcmp(name + len - 2, "[]"))
		name = element = xstrndup(name, len - 2);
	memcpy(&vtable, bytes, sizeof(vtable));
	return debug_find_class(n, vtable, name);
}

static const struct ctype *find_by_site(struct native *n, node_id block)
{
	struct site_type found;

	if (!site_find_type(n, dump_blocks(n->heap->dump)->stack[block], block_size(n->heap, block),
			    &found) ||
	    !found.is_sure)
		return NULL;
	return ctype_complete(n, found.type);
}

static const struct ctype *find_layout(struct native *n, node_id block)
{
	const struct type *type = object_type(n->heap, block);
	const bool is_tagged = type->provenance == PROVENANCE_TAG;
	const struct ctype *t = is_tagged ? NULL : find_by_name(n, block, type->name);

	if (!t)
		t = find_by_site(n, block);
	if (!t || !(is_tagged || t->flags & CTYPE_HAS_VPTR))
		return NULL;
	switch (ctype_find_fit(n, t, block_size(n->heap, block))) {
	case CTYPE_FIT_EXACT:
	case CTYPE_FIT_MANY:
	case CTYPE_FIT_FLEXIBLE:
		return t;
	case CTYPE_FIT_TAIL:
	case CTYPE_FIT_NONE:
		break;
	}
	return NULL;
}

void polymorphic_settle(struct native *n)
{
	struct heap *h = n->heap;
	const struct dump_blocks *blocks = dump_blocks(h->dump);
	struct map layouts = { 0 }; /* (type, stack; size) -> struct ctype *, NULL: none */

	for (node_id i = 0; i < h->nr_objects; i++) {
		struct type *type = &h->types[h->type[i]];

		if (!has_own_name(type) || !node_is_object(h, i))
			continue;

		uint64_t *slot = map_find_or_insert(
			&layouts, (uint64_t)h->type[i] << 32 | blocks->stack[i], blocks->size[i]);

		if (*slot == MAP_EMPTY)
			*slot = (uintptr_t)find_layout(n, i);

		const struct ctype *t = (const struct ctype *)(uintptr_t)*slot;

		if (!t)
			continue;
		block_believe(n, i, t, BELIEF_SITE, false);
		if (!type->ops)
			type->ops = &native_ops;
	}
	map_deinit(&layouts);
}
