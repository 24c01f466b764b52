/* SPDX-License-Identifier: MIT */
/*
 * Items of std::vector, the same in libstdc++ and libc++: { begin, end, end of room }, and those of
 * libstdc++'s std::vector<bool>: { begin, 0, end, bit, end of room }, and of libc++'s: { begin, nr
 * of bits, words of room }.  Other structs have such words, and both leave them behind where they
 * were: so these are proposals.
 */
#include "typing/container/shape.h"

#define WORD_BITS 64

static bool leads_into(const struct containers *c, node_id block, uint64_t word)
{
	return word - c->blocks->addr[block] <= c->blocks->size[block];
}

/* An iterator or a buffer has more than three words that lead into the block. */
static bool has_neighbour(const struct containers *c, const struct span *s, uint64_t offset,
			  node_id block)
{
	return (span_has(s, offset, -8, 0) &&
		leads_into(c, block, load_word(s->bytes, offset - 8))) ||
	       (span_has(s, offset, 0, 24) &&
		leads_into(c, block, load_word(s->bytes, offset + 24)));
}

static void try_items(struct containers *c, const struct span *s, uint64_t offset, node_id block)
{
	const uint64_t begin = c->blocks->addr[block], size = c->blocks->size[block];

	if (!span_has(s, offset, 0, 16) || load_word(s->bytes, offset + 16) != begin + size)
		return;

	const uint64_t used = load_word(s->bytes, offset + 8) - begin;

	if (used > size || has_neighbour(c, s, offset, block) ||
	    !shape_could_make(c, block, MAKER_VECTOR))
		return;

	const struct container_part part = {
		.role = CONTAINER_ITEMS,
		.holder = s->node,
		.offset = s->origin + offset,
		.end = used,
	};

	shape_propose(c, s, block, &part, used ? 1 : 2);
}

static void try_gnu_bits(struct containers *c, const struct span *s, uint64_t offset, node_id block)
{
	const uint64_t begin = c->blocks->addr[block], size = c->blocks->size[block];

	if (!span_has(s, offset, 0, 32) || load_word(s->bytes, offset + 32) != begin + size ||
	    load_half(s->bytes, offset + 8) || size % 8)
		return;

	const uint64_t used = load_word(s->bytes, offset + 16) - begin;
	const uint32_t bit = load_half(s->bytes, offset + 24);

	if (used > size || used % 8 || bit >= WORD_BITS || (bit && used == size))
		return;

	const struct container_part part = {
		.role = CONTAINER_BITS,
		.holder = s->node,
		.offset = s->origin + offset,
		.end = bit ? used + 8 : used,
	};

	shape_propose(c, s, block, &part, used ? 1 : 2);
}

/* { table, nr, room } is what many write: but theirs hold pointers. */
static bool has_pointer(const struct containers *c, node_id block)
{
	const uint8_t *bytes = dump_block_bytes(c->heap->dump, block);

	for (uint64_t at = 0; bytes && at < c->blocks->size[block]; at += 8) {
		if (dump_find_block(c->heap->dump, load_word(bytes, at)) != NODE_NONE)
			return true;
	}
	return !bytes;
}

static void try_llvm_bits(struct containers *c, const struct span *s, uint64_t offset,
			  node_id block)
{
	const uint64_t size = c->blocks->size[block];

	if (!span_has(s, offset, 0, 16) || size % 8 || load_word(s->bytes, offset + 16) != size / 8)
		return;

	const uint64_t nr_bits = load_word(s->bytes, offset + 8);

	if (nr_bits > size * 8 || has_pointer(c, block))
		return;

	const struct container_part part = {
		.role = CONTAINER_BITS,
		.holder = s->node,
		.offset = s->origin + offset,
		.end = (nr_bits + 7) / 8,
	};

	shape_propose(c, s, block, &part, 1);
}

void shape_vector(struct containers *c, const struct span *s, uint64_t offset, node_id block)
{
	if (!c->blocks->size[block])
		return;
	try_items(c, s, offset, block);
	try_gnu_bits(c, s, offset, block);
	if (c->has_llvm)
		try_llvm_bits(c, s, offset, block);
}
