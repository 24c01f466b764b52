/* SPDX-License-Identifier: MIT */
/*
 * BLKS: the live blocks, column by column, and how they nest.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "dump/decode.h"
#include "dump/internal.h"

#define SEQ_MAX 0xffffffu

static void add_columns(struct dump_blocks *b, const struct block_columns *c)
{
	const size_t count = c->head.count;
	uint64_t addr = c->head.first_addr;

	for (size_t k = 0, i = b->nr; k < count; k++, i++) {
		addr += column_u32(c->delta, k);
		b->addr[i] = addr;
		b->size[i] = column_size(c, k);
	}
	memcpy(b->tick + b->nr, c->tick, count * sizeof(*b->tick));
	memcpy(b->seq + b->nr, c->seq, count * sizeof(*b->seq));
	memcpy(b->stack + b->nr, c->stack, count * sizeof(*b->stack));
	memcpy(b->thread + b->nr, c->thread, count * sizeof(*b->thread));
	memcpy(b->attr + b->nr, c->attr, count * sizeof(*b->attr));
	memcpy(b->kind + b->nr, c->kind, count * sizeof(*b->kind));
	memcpy(b->flags + b->nr, c->flags, count * sizeof(*b->flags));
}

static bool is_kind(uint8_t kind)
{
	switch ((enum hc_kind)kind) {
#define KIND_CASE(value, name, text) case HC_KIND_##name:
		HC_KINDS(KIND_CASE)
#undef KIND_CASE
		return true;
	case HC_KIND_LIMIT:
		break;
	}
	return false;
}

/* What is wrong with block i by itself and next to the one before it. */
static const char *block_fault(const struct dump *d, const struct dump_blocks *b, size_t i)
{
	if (b->addr[i] % 8)
		return "address is no multiple of 8";
	if (b->addr[i] >= DUMP_ADDRESS_MAX || b->size[i] > DUMP_ADDRESS_MAX - b->addr[i])
		return "beyond the address space";
	if (i && (b->addr[i] < b->addr[i - 1] ||
		  (b->addr[i] == b->addr[i - 1] && b->size[i] > b->size[i - 1])))
		return "out of order";
	if (b->seq[i] > SEQ_MAX)
		return "sequence number of more than 24 bits";
	if (b->stack[i] >= d->arrays[SECTION_STAK].nr)
		return "names a stack that is not there";
	if (b->thread[i] > HC_THREAD_SLOT_MAX)
		return "thread slot beyond the limit";
	if (b->attr[i] >= d->arrays[SECTION_ATTR].nr)
		return "names an attribute that is not there";
	if (!is_kind(b->kind[i]))
		return "unknown kind";
	if (b->flags[i] & ~HC_BLOCK_LABELLED)
		return "unknown flags";
	return NULL;
}

/* Blocks that are open at the current address, outermost first. */
struct nest {
	uint32_t open[HC_NEST_MAX];
	size_t depth;
};

static const char *nest_block(struct dump_blocks *b, struct nest *nest, size_t i)
{
	const uint64_t end = b->addr[i] + b->size[i];

	while (nest->depth) {
		const uint32_t top = nest->open[nest->depth - 1];

		if (b->addr[top] + b->size[top] > b->addr[i])
			break;
		nest->depth--;
	}
	b->parent[i] = nest->depth ? nest->open[nest->depth - 1] : NO_BLOCK;
	if (nest->depth && end > b->addr[b->parent[i]] + b->size[b->parent[i]])
		return "straddles the end of another block";
	if (nest->depth == HC_NEST_MAX)
		return "nested too deep";
	nest->open[nest->depth++] = (uint32_t)i;
	return NULL;
}

static struct error *load_chunk(struct dump *d, const struct dump_chunk *chunk, const uint8_t *raw,
				uint8_t *spare, struct nest *nest)
{
	struct dump_blocks *b = &d->core.blocks;
	struct block_columns columns;
	struct error *error = decode_blocks(d->file, chunk, raw, spare, &columns);

	if (error)
		return error;
	if (column_u32(columns.delta, 0))
		return dump_chunk_error(d->file, chunk,
					"the first block is not at the first address");
	add_columns(b, &columns);
	for (size_t i = b->nr; i < b->nr + columns.head.count; i++) {
		const char *fault = block_fault(d, b, i);

		if (!fault)
			fault = nest_block(b, nest, i);
		if (fault)
			return dump_chunk_error(d->file, chunk,
						"block %zu at 0x%" PRIx64 ", %" PRIu64 " bytes: %s",
						i, b->addr[i], b->size[i], fault);
	}
	b->nr += columns.head.count;
	return NULL;
}

struct error *reserve_columns(struct dump *d, size_t capacity)
{
	struct dump_blocks *b = &d->core.blocks;
	const struct {
		void *array; /* a pointer to the column's pointer */
		size_t item;
	} columns[] = {
		{ &b->addr, sizeof(*b->addr) },	  { &b->size, sizeof(*b->size) },
		{ &b->tick, sizeof(*b->tick) },	  { &b->seq, sizeof(*b->seq) },
		{ &b->stack, sizeof(*b->stack) }, { &b->thread, sizeof(*b->thread) },
		{ &b->attr, sizeof(*b->attr) },	  { &b->kind, sizeof(*b->kind) },
		{ &b->flags, sizeof(*b->flags) }, { &b->parent, sizeof(*b->parent) },
	};

	_Static_assert(ARRAY_SIZE(columns) == ARRAY_SIZE(((struct dump *)0)->block_areas),
		       "an area each");
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		struct area *area = &d->block_areas[i];
		struct error *error = area_reserve(d, area, capacity * columns[i].item, "blocks");

		if (error)
			return error;
		area_use_huge_pages(area);
		memcpy(columns[i].array, &area->bytes, sizeof(area->bytes));
	}
	return NULL;
}

struct error *load_blocks(struct dump *d)
{
	const struct section *s = &d->sections[SECTION_BLKS];
	_cleanup_free_ uint8_t *raw = section_create_scratch(s);
	_cleanup_free_ uint8_t *spare = section_create_scratch(s);
	struct nest nest = { .depth = 0 };
	struct error *error;

	if (s->raw_len / BLOCK_MIN_BYTES > UINT32_MAX / 2)
		return dump_chunk_error(d->file, s->chunks[0], "more blocks than can be numbered");
	error = reserve_columns(d, s->raw_len / BLOCK_MIN_BYTES);
	for (size_t i = 0; i < s->nr_chunks && !error; i++) {
		if (!s->chunks[i]->header.raw_len)
			continue;
		error = section_read(d, s, i, raw);
		if (!error)
			error = load_chunk(d, s->chunks[i], raw, spare, &nest);
	}
	if (!error)
		block_index_create(&d->core);
	return error;
}
