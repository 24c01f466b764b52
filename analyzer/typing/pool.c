/* SPDX-License-Identifier: MIT */
/*
 * Chunks of well-known pool allocators, told by their own headers.  Each says where the chunk ends,
 * which the block's size has to agree with, and leads to others that say so of themselves.
 *
 *	obstack		0 end, 8 chunk before.  The newest is led to by a struct obstack: 0 size of
 *			chunks, 8 chunk, 16 object, 24 next free byte, 32 end
 *	ngx_pool_t	0 next free byte, 8 end, 16 next chunk, 24 failures; the first one goes on
 *			with 32 largest request served from the pool, 40 chunk to serve from
 *	apr_memnode_t	0 next, 8 reference, 16 pages less one, 24 next free byte, 32 end
 */
#include <string.h>

#include "base/mem.h"
#include "base/word.h"
#include "typing/pointed.h"
#include "typing/recogniser.h"

#define OBSTACK_HEADER	 16u
#define NGX_HEADER	 32u
#define NGX_FIRST_HEADER 80u
#define NGX_REQUEST_MAX	 4095u /* less than a page */
#define NGX_FAILURES_MAX 64u
#define APR_HEADER	 40u
#define APR_PAGE	 4096u
#define CHAIN_MAX	 65536u

struct pools {
	struct typing *typing;
	struct heap *heap;
	uint8_t *is_obstack; /* [nr_objects] has the header of a chunk */
};

/* The block that starts there; NODE_NONE: none does. */
static node_id find_start(const struct pools *p, uint64_t addr)
{
	const node_id n = addr ? dump_find_block(p->heap->dump, addr) : NODE_NONE;

	return n != NODE_NONE && p->typing->blocks->addr[n] == addr ? n : NODE_NONE;
}

static bool is_between(uint64_t addr, uint64_t low, uint64_t high)
{
	return addr >= low && addr <= high;
}

static void name_chunk(struct pools *p, node_id n, const char *name)
{
	p->heap->type[n] = heap_intern_type(p->heap, name, PROVENANCE_LAYOUT, 0);
}

/* ---- obstacks ---- */

static bool has_obstack_header(const struct pools *p, node_id n, const uint8_t *bytes)
{
	const uint64_t size = p->typing->blocks->size[n];

	return size > OBSTACK_HEADER && load_word(bytes, 0) == p->typing->blocks->addr[n] + size &&
	       (!load_word(bytes, 8) || find_start(p, load_word(bytes, 8)) != NODE_NONE);
}

/* All the way to the oldest one. */
static bool is_obstack_chain(const struct pools *p, node_id n)
{
	for (uint32_t i = 0; i < CHAIN_MAX; i++) {
		if (n == NODE_NONE || !p->is_obstack[n])
			return false;

		const uint64_t before = load_word(dump_block_bytes(p->heap->dump, n), 8);

		if (!before)
			return true;
		n = find_start(p, before);
	}
	return false;
}

/* Is the word that leads to a chunk that of a struct obstack? */
static bool is_in_obstack(const struct pools *pools, const struct pointed *p)
{
	const uint64_t addr = pools->typing->blocks->addr[p->to],
		       end = addr + pools->typing->blocks->size[p->to];

	if (p->offset || p->at < 8 || p->size - p->at < 32)
		return false;

	const uint64_t chunk_size = load_word(p->bytes, p->at - 8),
		       object = load_word(p->bytes, p->at + 8),
		       next = load_word(p->bytes, p->at + 16);

	return chunk_size && chunk_size <= end - addr &&
	       is_between(object, addr + OBSTACK_HEADER, end) && is_between(next, object, end) &&
	       load_word(p->bytes, p->at + 24) == end;
}

static void settle_obstack(void *arg, const struct pointed *found)
{
	struct pools *p = arg;

	if (!object_is_open(p->heap, found->to) || !is_in_obstack(p, found) ||
	    !is_obstack_chain(p, found->to))
		return;
	for (node_id n = found->to; n != NODE_NONE && object_is_open(p->heap, n);
	     n = find_start(p, load_word(dump_block_bytes(p->heap->dump, n), 8)))
		name_chunk(p, n, "arena (obstack)");
}

/* ---- nginx ---- */

static bool has_ngx_header(const struct pools *p, node_id n, const uint8_t *bytes)
{
	const uint64_t addr = p->typing->blocks->addr[n], end = addr + p->typing->blocks->size[n];

	return end - addr > NGX_HEADER && load_word(bytes, 8) == end &&
	       is_between(load_word(bytes, 0), addr + NGX_HEADER, end) &&
	       load_word(bytes, 24) <= NGX_FAILURES_MAX;
}

static const uint8_t *read_ngx_chunk(const struct pools *p, node_id n)
{
	const uint8_t *bytes = n != NODE_NONE && object_is_open(p->heap, n)
				       ? dump_block_bytes(p->heap->dump, n)
				       : NULL;

	return bytes && has_ngx_header(p, n, bytes) ? bytes : NULL;
}

/* Does it have what only a pool's first chunk has, and only such chunks behind it? */
static bool is_ngx_pool(const struct pools *p, node_id first, const uint8_t *bytes)
{
	const uint64_t size = p->typing->blocks->size[first];
	const uint64_t room = size - NGX_FIRST_HEADER;
	bool has_current = false;

	if (size <= NGX_FIRST_HEADER ||
	    load_word(bytes, 32) != (room < NGX_REQUEST_MAX ? room : NGX_REQUEST_MAX))
		return false;

	const node_id current = find_start(p, load_word(bytes, 40));

	for (uint32_t i = 0, n = first; i < CHAIN_MAX; i++) {
		const uint8_t *chunk = read_ngx_chunk(p, n);

		if (!chunk)
			return false;
		has_current |= n == current;
		if (!load_word(chunk, 16))
			return has_current;
		n = find_start(p, load_word(chunk, 16));
	}
	return false;
}

static void settle_ngx_pool(struct pools *p, node_id first)
{
	const uint8_t *bytes = read_ngx_chunk(p, first);

	if (!bytes || !is_ngx_pool(p, first, bytes))
		return;
	for (node_id n = first; n != NODE_NONE && object_is_open(p->heap, n);
	     n = find_start(p, load_word(dump_block_bytes(p->heap->dump, n), 16)))
		name_chunk(p, n, "arena (ngx_pool_t)");
}

/* ---- the Apache Portable Runtime ---- */

static void settle_apr_node(struct pools *p, node_id n, const uint8_t *bytes)
{
	const uint64_t addr = p->typing->blocks->addr[n], size = p->typing->blocks->size[n];

	if (size >= 2 * APR_PAGE && size % APR_PAGE == 0 && load_word(bytes, 32) == addr + size &&
	    is_between(load_word(bytes, 24), addr + APR_HEADER, addr + size) &&
	    (uint32_t)load_word(bytes, 16) == size / APR_PAGE - 1 &&
	    (!load_word(bytes, 0) || find_start(p, load_word(bytes, 0)) != NODE_NONE))
		name_chunk(p, n, "arena (apr_memnode_t)");
}

static void settle_by_header(struct pools *p, node_id n, bool *has_obstacks)
{
	const uint8_t *bytes =
		p->typing->blocks->size[n] >= APR_HEADER && object_is_open(p->heap, n)
			? dump_block_bytes(p->heap->dump, n)
			: NULL;

	if (!bytes)
		return;
	p->is_obstack[n] = has_obstack_header(p, n, bytes);
	*has_obstacks |= p->is_obstack[n];
	settle_ngx_pool(p, n);
	settle_apr_node(p, n, bytes);
}

void pool_settle(struct typing *t)
{
	struct heap *h = t->heap;
	_cleanup_free_ uint8_t *is_obstack = xcalloc(h->nr_objects + 1ul, sizeof(*is_obstack));
	struct pools p = { t, h, is_obstack };
	bool has_obstacks = false;

	for (node_id n = 0; n < h->nr_objects; n++)
		settle_by_header(&p, n, &has_obstacks);
	if (has_obstacks)
		pointed_each(h, is_obstack, settle_obstack, &p);
}
