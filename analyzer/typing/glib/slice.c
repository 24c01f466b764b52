/* SPDX-License-Identifier: MIT */
/*
 * The slice allocator, which GLib had until 2.76: a slab is memory of a power of two of bytes but
 * for malloc's share, cut into chunks of one size, with a note at its end.  The notes of one size's
 * slabs are in a ring, to which an array leads whose index is that size.
 *
 *	SlabInfo	0 free chunks, 8 how many are in use, 16, 24 the next and the one before
 */
#include "base/mem.h"
#include "typing/glib/glib.h"

#define MALLOC_SHARE 16u
#define INFO_SIZE    32u
#define INFO_NEXT    16u
#define INFO_PREV    24u
#define SLAB_MIN     128u
#define STACK_MAX    (4096u * 8) /* bytes of the array */

static uint64_t info_of(const struct glib *g, node_id slab)
{
	return g->blocks->addr[slab] + g->blocks->size[slab] - INFO_SIZE;
}

static bool has_size_of_slab(const struct glib *g, node_id n)
{
	const uint64_t size = g->blocks->size[n] + MALLOC_SHARE;

	return size >= SLAB_MIN && !(size & (size - 1)) && g->blocks->addr[n] % size == 0 &&
	       g->blocks->kind[n] == HC_KIND_MEMALIGN;
}

/* The slab that has its note there; NODE_NONE: none has. */
static node_id find_slab(const struct glib *g, uint64_t info)
{
	const node_id n = dump_find_block(g->heap->dump, info);
	return n != NODE_NONE && has_size_of_slab(g, n) && info_of(g, n) == info ? n : NODE_NONE;
}

static bool is_linked(const struct glib *g, uint64_t info)
{
	const struct dump *d = g->heap->dump;
	const uint8_t *bytes = dump_find_bytes(d, info, INFO_SIZE);
	const uint64_t next = bytes ? load_word(bytes, INFO_NEXT) : 0,
		       prev = bytes ? load_word(bytes, INFO_PREV) : 0;

	return find_slab(g, next) != NODE_NONE && find_slab(g, prev) != NODE_NONE &&
	       load_word(dump_find_bytes(d, next, INFO_SIZE), INFO_PREV) == info &&
	       load_word(dump_find_bytes(d, prev, INFO_SIZE), INFO_NEXT) == info;
}

/* Only notes of slabs, or nothing, and one at least. */
static bool is_stack(const struct glib *g, const uint8_t *bytes, uint64_t size)
{
	bool any = false;

	for (uint64_t at = 0; at < size; at += 8) {
		const uint64_t info = load_word(bytes, at);

		if (!info)
			continue;
		any = find_slab(g, info) != NODE_NONE && is_linked(g, info);
		if (!any)
			return false;
	}
	return any;
}

static void add_ring(struct glib *g, uint64_t first, uint64_t chunk)
{
	uint64_t info = first;

	for (;;) {
		const node_id slab = find_slab(g, info);

		if (slab == NODE_NONE || glib_chunk_size(g, slab) || !object_is_open(g->heap, slab))
			return;
		g->slabs = array_grow(g->slabs, g->nr_slabs, &g->slabs_room, sizeof(*g->slabs));
		g->slabs[g->nr_slabs++] = slab;
		*map_find_or_insert(&g->chunk_sizes, slab, 0) = chunk;
		info = load_word(dump_find_bytes(g->heap->dump, info, INFO_SIZE), INFO_NEXT);
	}
}

uint64_t glib_chunk_size(const struct glib *g, node_id block)
{
	const uint64_t size = map_find(&g->chunk_sizes, block, 0);

	return size == MAP_EMPTY ? 0 : size;
}

void glib_find_slabs(struct glib *g)
{
	for (node_id n = 0; n < g->heap->nr_objects; n++) {
		const uint64_t size = g->blocks->size[n];
		const uint8_t *bytes =
			size && size <= STACK_MAX && size % 8 == 0 && object_is_open(g->heap, n) &&
					glib_find_maker(g, n)->kind != GLIB_MAKER_NONE
				? dump_block_bytes(g->heap->dump, n)
				: NULL;

		if (!bytes || !is_stack(g, bytes, size))
			continue;
		for (uint64_t at = 0; at < size; at += 8) {
			if (load_word(bytes, at))
				add_ring(g, load_word(bytes, at), (at / 8 + 1) * GLIB_CHUNK_ALIGN);
		}
		glib_name(g, n, GLIB_SLABS);
	}
}

void glib_name_slabs(struct glib *g)
{
	for (size_t i = 0; i < g->nr_slabs; i++)
		glib_name(g, g->slabs[i], GLIB_SLAB);
}

void glib_each_chunk(struct glib *g, uint64_t size, glib_place_fn *fn)
{
	const uint64_t chunk = (size + GLIB_CHUNK_ALIGN - 1) / GLIB_CHUNK_ALIGN * GLIB_CHUNK_ALIGN;

	for (size_t i = 0; i < g->nr_slabs; i++) {
		const node_id slab = g->slabs[i];
		const uint8_t *bytes = glib_chunk_size(g, slab) == chunk
					       ? dump_block_bytes(g->heap->dump, slab)
					       : NULL;
		const uint64_t end = g->blocks->size[slab] - INFO_SIZE;

		/* Where the first chunk begins differs, for the sake of the cache. */
		for (uint64_t at = 0; bytes && at + chunk <= end; at += GLIB_CHUNK_ALIGN)
			fn(g, &(struct glib_place){ slab, at, bytes + at, size, true });
	}
}
