/* SPDX-License-Identifier: MIT */
/*
 * Chunks and map of std::deque (and of stack and queue over one):
 *
 *	libstdc++  { map, nr of slots, start, finish }, either { cur, first, last, slot }
 *	libc++	   { map, first slot, behind the last, end of the map, first item, nr of items }
 *
 * Every slot in use has a chunk, and all chunks have one size.
 */
#include "typing/container/shape.h"

#define GNU_SLOTS_MIN  8
#define LLVM_CHUNK     4096 /* bytes, a little less where items do not fill it */
#define LLVM_ITEMS_MIN 16   /* of items that are larger than that */

struct deque {
	struct containers *c;
	const struct span *span;
	uint64_t offset; /* of the object in the span */
	bool is_llvm;
	node_id map;
	uint64_t first, behind; /* slots in use, addresses */
	uint64_t size;		/* of a chunk */
	uint64_t start, end;	/* of the items in the first and the last chunk, bytes */
};

static bool has_slot(const struct deque *d, uint64_t addr)
{
	const uint64_t at = addr - d->c->blocks->addr[d->map];

	return at < d->c->blocks->size[d->map] && at % 8 == 0;
}

static uint64_t read_slot(const struct deque *d, uint64_t addr)
{
	return load_word(dump_block_bytes(d->c->heap->dump, d->map),
			 addr - d->c->blocks->addr[d->map]);
}

static void claim_deque(const struct deque *d)
{
	const uint64_t map = d->c->blocks->addr[d->map];
	const struct container_part whole = {
		.role = CONTAINER_DEQUE_MAP,
		.holder = d->span->node,
		.offset = d->span->origin + d->offset,
		.is_llvm = d->is_llvm,
		.start = d->first - map,
		.end = d->behind - map,
	};

	shape_claim(d->c, d->map, &whole);
	for (uint64_t slot = d->first; slot < d->behind; slot += 8) {
		const struct container_part chunk = {
			.role = CONTAINER_DEQUE_CHUNK,
			.holder = d->span->node,
			.offset = d->span->origin + d->offset,
			.is_llvm = d->is_llvm,
			.start = slot == d->first ? d->start : 0,
			.end = slot + 8 == d->behind ? d->end : d->size,
		};

		shape_claim(d->c, shape_find_new(d->c, read_slot(d, slot)), &chunk);
	}
}

static bool has_chunks(const struct deque *d)
{
	for (uint64_t slot = d->first; slot < d->behind; slot += 8) {
		const node_id chunk = shape_find_new(d->c, read_slot(d, slot));

		if (chunk == NODE_NONE || d->c->blocks->size[chunk] != d->size)
			return false;
	}
	return d->first < d->behind;
}

static void try_gnu(struct deque *d)
{
	const uint8_t *o = d->span->bytes + d->offset;
	const uint64_t nr_slots = load_word(o, 8);

	if (nr_slots < GNU_SLOTS_MIN || nr_slots > d->c->blocks->size[d->map] ||
	    nr_slots * 8 != d->c->blocks->size[d->map])
		return;

	const uint64_t first = load_word(o, 24), last = load_word(o, 56);

	d->size = load_word(o, 32) - first;
	d->first = load_word(o, 40);
	d->behind = load_word(o, 72) + 8;
	d->start = load_word(o, 16) - first;
	d->end = load_word(o, 48) - last;
	if (has_slot(d, d->first) && has_slot(d, d->behind - 8) &&
	    read_slot(d, d->first) == first && read_slot(d, d->behind - 8) == last &&
	    load_word(o, 64) - last == d->size && d->start < d->size && d->end < d->size &&
	    has_chunks(d))
		claim_deque(d);
}

static bool is_llvm_chunk(uint64_t size)
{
	return size <= LLVM_CHUNK ? size > LLVM_CHUNK - LLVM_CHUNK / LLVM_ITEMS_MIN
				  : size % LLVM_ITEMS_MIN == 0;
}

static void try_llvm(struct deque *d)
{
	const uint8_t *o = d->span->bytes + d->offset;
	const uint64_t map = d->c->blocks->addr[d->map], size = d->c->blocks->size[d->map];
	const uint64_t first_item = load_word(o, 32), nr_items = load_word(o, 40);

	d->first = load_word(o, 8);
	d->behind = load_word(o, 16);
	if (load_word(o, 24) != map + size || !has_slot(d, d->first) || d->behind - map > size ||
	    (d->behind - map) % 8 || d->first >= d->behind)
		return;

	const node_id chunk = shape_find_new(d->c, read_slot(d, d->first));

	if (chunk == NODE_NONE)
		return;
	d->size = d->c->blocks->size[chunk];
	d->end = d->size;

	const uint64_t room = (d->behind - d->first) / 8 * d->size;

	if (is_llvm_chunk(d->size) && first_item < room && nr_items <= room - first_item &&
	    has_chunks(d))
		claim_deque(d);
}

void shape_deque(struct containers *c, const struct span *s, uint64_t offset, node_id block)
{
	struct deque d = { .c = c, .span = s, .offset = offset, .map = block };

	if (!c->blocks->size[block] || c->blocks->size[block] % 8 ||
	    !dump_block_bytes(c->heap->dump, block))
		return;
	if (span_has(s, offset, 0, 72))
		try_gnu(&d);
	if (span_has(s, offset, 0, 40)) {
		d.is_llvm = true;
		try_llvm(&d);
	}
}
