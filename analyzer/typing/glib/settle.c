/* SPDX-License-Identifier: MIT */
/*
 * From a heap whose blocks have their first types to one in which GLib's have theirs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/fold.h"
#include "typing/glib/glib.h"

static const struct {
	const char *type;
	uint32_t flags;
} kinds[NR_GLIB_KINDS] = {
#define GLIB_KIND_ROW(name, type, flags, ...) [GLIB_##name] = { type, flags },
	GLIB_KINDS(GLIB_KIND_ROW)
#undef GLIB_KIND_ROW
};

node_id glib_find_block(const struct glib *g, uint64_t addr, uint64_t size)
{
	const node_id n = addr ? dump_find_block(g->heap->dump, addr) : NODE_NONE;

	return n != NODE_NONE && g->blocks->addr[n] == addr && g->blocks->size[n] == size
		       ? n
		       : NODE_NONE;
}

bool glib_is_open(const struct glib *g, node_id n)
{
	const struct type *type = object_type(g->heap, n);

	return node_is_object(g->heap, n) &&
	       (type->flags & TYPE_FALLBACK || type->provenance == PROVENANCE_CONTENT);
}

static bool name_as(struct glib *g, node_id n, enum glib_kind kind, enum provenance provenance)
{
	struct heap *h = g->heap;

	if (!glib_is_open(g, n))
		return false;
	h->type[n] = heap_intern_type(h, kinds[kind].type, provenance, kinds[kind].flags);
	h->types[h->type[n]].ops = &glib_ops;
	return true;
}

bool glib_name(struct glib *g, node_id n, enum glib_kind kind)
{
	return name_as(g, n, kind, PROVENANCE_LAYOUT);
}

void glib_guess(struct glib *g, node_id n, enum glib_kind kind)
{
	name_as(g, n, kind, PROVENANCE_INFERRED);
}

void glib_name_part(struct glib *g, node_id n, uint64_t offset, node_id part, enum glib_kind kind)
{
	if (part != n && glib_name(g, part, kind))
		fold_offer(g->heap, part, n, offset);
}

/* [nr modules] which are GLib; NULL: none.  The caller frees it. */
static uint8_t *find_library(const struct heap *h)
{
	static const char name[] = "libglib-2.0.so";
	uint8_t *is_library = NULL;
	size_t nr;

	dump_modules(h->dump, &nr);
	for (uint32_t i = 0; i < nr; i++) {
		if (strncmp(symbols_module_name(h->symbols, i), name, strlen(name)))
			continue;
		if (!is_library)
			is_library = xcalloc(nr, sizeof(*is_library));
		is_library[i] = 1;
	}
	return is_library;
}

static void destroy_makers(struct map *makers)
{
	for (size_t i = 0; i < makers->nr_slots; i++) {
		if (makers->slots[i].value != MAP_EMPTY)
			free((void *)(uintptr_t)makers->slots[i].value);
	}
	map_deinit(makers);
}

void glib_settle(struct typing *t)
{
	_cleanup_free_ uint8_t *is_library = find_library(t->heap);
	struct glib g = { t, t->heap, t->blocks, is_library, { 0 } };

	if (!is_library || !t->has_text)
		return;
	glib_settle_objects(&g);
	glib_settle_arrays(&g);
	glib_settle_lists(&g);
	destroy_makers(&g.makers);
}
