/* SPDX-License-Identifier: MIT */
/*
 * From a heap whose blocks have their first types to one in which GLib's have theirs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/fold.h"
#include "heap/interior.h"
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

static uint32_t intern_kind(struct glib *g, enum glib_kind kind, bool is_sure)
{
	const uint32_t type = heap_intern_type(g->heap, kinds[kind].type,
					       is_sure ? PROVENANCE_LAYOUT : PROVENANCE_INFERRED,
					       kinds[kind].flags);

	g->heap->types[type].ops = &glib_ops;
	return type;
}

static bool name_block(struct glib *g, node_id n, enum glib_kind kind, bool is_sure)
{
	if (!object_is_open(g->heap, n))
		return false;
	g->heap->type[n] = intern_kind(g, kind, is_sure);
	return true;
}

bool glib_name(struct glib *g, node_id n, enum glib_kind kind)
{
	return name_block(g, n, kind, true);
}

bool glib_name_place(struct glib *g, const struct glib_place *p, enum glib_kind kind, bool is_sure)
{
	if (!p->is_inside)
		return name_block(g, p->block, kind, is_sure);
	glib_add_inside(g, p, intern_kind(g, kind, is_sure));
	return true;
}

void glib_add_inside(struct glib *g, const struct glib_place *p, uint32_t type)
{
	const uint64_t addr = g->blocks->addr[p->block] + p->offset;

	uint64_t *known = map_find_or_insert(&g->inside, addr, 0);

	if (*known != MAP_EMPTY)
		return;
	*known = type;
	heap_add_interior(g->heap, (struct interior){ addr, p->size, p->block, type });
}

void glib_name_part(struct glib *g, const struct glib_place *p, uint64_t offset, node_id part,
		    enum glib_kind kind)
{
	if (part != p->block && glib_name(g, part, kind) && !p->is_inside)
		fold_offer(g->heap, part, p->block, offset);
}

void glib_each_place(struct glib *g, uint64_t size, glib_place_fn *fn)
{
	for (node_id n = 0; n < g->heap->nr_objects; n++) {
		const uint8_t *bytes =
			g->blocks->size[n] == size && object_is_open(g->heap, n) &&
					glib_find_maker(g, n)->kind != GLIB_MAKER_NONE
				? dump_block_bytes(g->heap->dump, n)
				: NULL;

		if (bytes)
			fn(g, &(struct glib_place){ n, 0, bytes, size, false });
	}
	glib_each_chunk(g, size, fn);
}

const uint8_t *glib_read_place(const struct glib *g, uint64_t addr, uint64_t size)
{
	const node_id n = dump_find_block(g->heap->dump, addr);

	if (n == NODE_NONE)
		return NULL;
	if (g->blocks->addr[n] == addr && g->blocks->size[n] == size)
		return dump_block_bytes(g->heap->dump, n);
	if (addr % GLIB_CHUNK_ALIGN || glib_chunk_size(g, n) < size ||
	    glib_chunk_size(g, n) >= size + GLIB_CHUNK_ALIGN)
		return NULL;
	return dump_find_bytes(g->heap->dump, addr, size);
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
	struct glib g = {
		.typing = t,
		.heap = t->heap,
		.blocks = t->blocks,
		.is_library = is_library,
	};

	if (!is_library || !t->has_text)
		return;
	glib_find_slabs(&g);
	glib_settle_objects(&g);
	glib_settle_arrays(&g);
	glib_settle_lists(&g);
	glib_name_slabs(&g);
	destroy_makers(&g.makers);
	map_deinit(&g.chunk_sizes);
	map_deinit(&g.inside);
	free(g.slabs);
}
