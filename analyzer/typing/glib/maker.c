/* SPDX-License-Identifier: MIT */
/*
 * Which function of GLib a block is for: the first on the stack that is none of its allocator's.
 */
#include <fnmatch.h>
#include <stdlib.h>

#include "base/mem.h"
#include "heap/stack.h"
#include "typing/glib/glib.h"

#define DEPTH_MAX 12

static bool is_allocator(const char *function)
{
	static const char *const patterns[] = { "g_malloc*", "g_realloc*",  "g_try_*",
						"g_slice_*", "g_aligned_*", "g_memdup*" };

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		if (!fnmatch(patterns[i], function, 0))
			return true;
	}
	return false;
}

static struct glib_maker find_maker(struct glib *g, uint32_t stack)
{
	struct symbols *symbols = g->heap->symbols;
	size_t nr;
	const struct hc_stack_node *nodes = dump_stacks(g->heap->dump, &nr);
	bool is_glib = false;

	for (uint32_t node = heap_find_native(g->heap, stack), i = 0; node && i < DEPTH_MAX;
	     node = nodes[node].parent, i++) {
		const uint32_t module = dump_find_module(g->heap->dump, nodes[node].pc - 1);

		if (module != UINT32_MAX && symbols_is_preload(symbols, module))
			continue;
		if (module == UINT32_MAX || !g->is_library[module])
			return (struct glib_maker){ is_glib ? GLIB_MAKER_PROGRAM : GLIB_MAKER_NONE,
						    "" };
		is_glib = true;

		const char *name = symbols_name_caller(symbols, nodes[node].pc);

		if (!is_allocator(name))
			return (struct glib_maker){ GLIB_MAKER_FUNCTION, name };
	}
	return (struct glib_maker){ is_glib ? GLIB_MAKER_UNKNOWN : GLIB_MAKER_NONE, "" };
}

static const struct glib_maker unknown = { GLIB_MAKER_UNKNOWN, "" };

const struct glib_maker *glib_find_maker(struct glib *g, node_id n)
{
	uint64_t *slot;

	if (g->blocks->flags[n] & DUMP_BLOCK_INSERTED)
		return &unknown;
	slot = map_find_or_insert(&g->makers, g->blocks->stack[n], 0);
	if (*slot == MAP_EMPTY) {
		struct glib_maker *maker = xmalloc(sizeof(*maker));

		*slot = (uintptr_t)maker;
		*maker = find_maker(g, g->blocks->stack[n]);
	}
	return (const struct glib_maker *)(uintptr_t)*slot;
}

const struct glib_maker *glib_maker_of(struct glib *g, const struct glib_place *p)
{
	return p->is_inside ? &unknown : glib_find_maker(g, p->block);
}
