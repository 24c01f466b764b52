/* SPDX-License-Identifier: MIT */
/*
 * BLKS: the live blocks, column by column, and how they nest.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "dump/file.h"
#include "dump/internal.h"

#define BLOCK_MIN_BYTES 26	/* of one block in the columns */
#define SEQ_MAX 0xffffffu

/* Where the columns of one payload stand. */
struct columns {
	const uint8_t *delta, *size, *tick, *seq, *stack, *thread, *attr, *kind, *flags;
	bool size64;
};

static uint32_t get_u32(const uint8_t *column, size_t i)
{
	uint32_t value;

	memcpy(&value, column + i * sizeof(value), sizeof(value));
	return value;
}

static uint64_t get_u64(const uint8_t *column, size_t i)
{
	uint64_t value;

	memcpy(&value, column + i * sizeof(value), sizeof(value));
	return value;
}

static const uint8_t *take_column(const uint8_t **at, size_t count, size_t item)
{
	const uint8_t *column = *at;

	*at += (count * item + 7) & ~7ull;
	return column;
}

static struct error *find_columns(const struct dump_file *file, const struct dump_chunk *chunk, const uint8_t *raw,
				  struct hc_blocks_header *head, struct columns *c)
{
	const uint8_t *at = raw + sizeof(*head);

	if (chunk->header.raw_len < sizeof(*head))
		return dump_chunk_error(file, chunk, "too short for its header");
	memcpy(head, raw, sizeof(*head));
	if (!head->count || head->count > HC_BLOCKS_MAX || head->flags & ~HC_BLOCKS_SIZE64)
		return dump_chunk_error(file, chunk, "%u blocks, flags 0x%x", head->count, head->flags);
	c->size64 = head->flags & HC_BLOCKS_SIZE64;
	c->delta = take_column(&at, head->count, sizeof(uint32_t));
	c->size = take_column(&at, head->count, c->size64 ? sizeof(uint64_t) : sizeof(uint32_t));
	c->tick = take_column(&at, head->count, sizeof(uint32_t));
	c->seq = take_column(&at, head->count, sizeof(uint32_t));
	c->stack = take_column(&at, head->count, sizeof(uint32_t));
	c->thread = take_column(&at, head->count, sizeof(uint16_t));
	c->attr = take_column(&at, head->count, sizeof(uint16_t));
	c->kind = take_column(&at, head->count, sizeof(uint8_t));
	c->flags = take_column(&at, head->count, sizeof(uint8_t));
	if ((uint64_t)(at - raw) != chunk->header.raw_len)
		return dump_chunk_error(file, chunk, "%" PRIu64 " bytes, but its %u blocks take %td",
					chunk->header.raw_len, head->count, at - raw);
	return NULL;
}

static void decode_columns(struct dump_blocks *b, const struct hc_blocks_header *head, const struct columns *c)
{
	uint64_t addr = head->first_addr;

	for (size_t k = 0, i = b->nr; k < head->count; k++, i++) {
		addr += get_u32(c->delta, k);
		b->addr[i] = addr;
		b->size[i] = c->size64 ? get_u64(c->size, k) : get_u32(c->size, k);
	}
	memcpy(b->tick + b->nr, c->tick, head->count * sizeof(*b->tick));
	memcpy(b->seq + b->nr, c->seq, head->count * sizeof(*b->seq));
	memcpy(b->stack + b->nr, c->stack, head->count * sizeof(*b->stack));
	memcpy(b->thread + b->nr, c->thread, head->count * sizeof(*b->thread));
	memcpy(b->attr + b->nr, c->attr, head->count * sizeof(*b->attr));
	memcpy(b->kind + b->nr, c->kind, head->count * sizeof(*b->kind));
	memcpy(b->flags + b->nr, c->flags, head->count * sizeof(*b->flags));
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
	if (b->addr[i] >= ADDRESS_MAX || b->size[i] > ADDRESS_MAX - b->addr[i])
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

static struct error *load_chunk(struct dump *d, const struct dump_chunk *chunk, const uint8_t *raw, struct nest *nest)
{
	struct dump_blocks *b = &d->blocks;
	struct hc_blocks_header head;
	struct columns columns = { 0 };
	struct error *error = find_columns(d->file, chunk, raw, &head, &columns);

	if (error)
		return error;
	decode_columns(b, &head, &columns);
	for (size_t i = b->nr; i < b->nr + head.count; i++) {
		const char *fault = block_fault(d, b, i);

		if (!fault)
			fault = nest_block(b, nest, i);
		if (fault)
			return dump_chunk_error(d->file, chunk, "block %zu at 0x%" PRIx64 ", %" PRIu64 " bytes: %s", i,
						b->addr[i], b->size[i], fault);
	}
	b->nr += head.count;
	return NULL;
}

static struct error *reserve_columns(struct dump *d, size_t capacity)
{
	struct dump_blocks *b = &d->blocks;
	const struct {
		void *array;	/* a pointer to the column's pointer */
		size_t item;
	} columns[] = {
		{ &b->addr, sizeof(*b->addr) }, { &b->size, sizeof(*b->size) }, { &b->tick, sizeof(*b->tick) },
		{ &b->seq, sizeof(*b->seq) }, { &b->stack, sizeof(*b->stack) }, { &b->thread, sizeof(*b->thread) },
		{ &b->attr, sizeof(*b->attr) }, { &b->kind, sizeof(*b->kind) }, { &b->flags, sizeof(*b->flags) },
		{ &b->parent, sizeof(*b->parent) },
	};

	_Static_assert(ARRAY_SIZE(columns) == ARRAY_SIZE(((struct dump *)0)->block_areas), "an area each");
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
			error = load_chunk(d, s->chunks[i], raw, &nest);
	}
	if (!error)
		d->index = block_index_create(&d->blocks);
	return error;
}

uint32_t block_owner(const struct dump *d, size_t i)
{
	const struct dump_blocks *b = &d->blocks;
	uint32_t owner = b->kind[i] == HC_KIND_ARENA ? NO_BLOCK : (uint32_t)i;

	for (uint32_t p = b->parent[i]; p != NO_BLOCK; p = b->parent[p])
		if (b->kind[p] != HC_KIND_ARENA)
			owner = p;
	return owner;
}

const struct dump_blocks *dump_blocks(const struct dump *d)
{
	return &d->blocks;
}
