/* SPDX-License-Identifier: MIT */
/*
 * What every word of a heap is asked for: which block does it lead to, and where are that block's
 * bytes.  The answers to most are given here, without a call; dump/dump.h declares the questions,
 * and only it and the files of this room include this.
 */
#ifndef DUMP_CORE_H
#define DUMP_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DUMP_ADDRESS_MAX (1ull << 47) /* user addresses are below */

/* Of index.c, which tells how they are made. */
#define BLOCK_CELL_SHIFT  30
#define BLOCK_PIECE_SHIFT 20
#define BLOCK_SPAN_SHIFT  9 /* 64 addresses that are multiples of 8 */

struct block_span {
	uint64_t starts; /* bit k: a block starts at 8 * k */
	uint32_t first;	 /* first block that starts at or after the span */
	bool has_twins;	 /* several start at one address: bits are fewer than blocks */
};

struct block_cell {
	void *finer;	/* struct block_cell [] or, of the last level, struct block_span []; NULL */
	uint32_t first; /* first block that starts at or after the cell */
};

#define DUMP_NO_PLACE	       UINT32_MAX
#define DUMP_PLACE_GROUP_SHIFT 16

/* The beginning of struct dump. */
struct dump_core {
	struct dump_blocks blocks;
	struct block_cell *cells; /* the root of the index, by 1 << BLOCK_CELL_SHIFT bytes */
	uint64_t low, high;	  /* from the first block to the end of the last to start */
	const uint8_t *small;	  /* contents of small blocks; NULL: none, or not all are read
				     (late.c): then only owners have a place */
	uint32_t *place;	  /* [blocks.nr] of a small block's bytes, or of those of the small
				     block that it lies in: units of 8, relative to place_base;
				     DUMP_NO_PLACE: elsewhere or nowhere */
	uint64_t *place_base;	  /* one per group of blocks */
};

/* The same questions where the index has no span for the address, where the last block that starts
 * before it ends before it, and where the bytes are not those of a small block. */
uint32_t dump_find_block_slowly(const struct dump *d, uint64_t addr);
uint32_t dump_find_block_around(const struct dump *d, uint32_t block, uint64_t addr);
const uint8_t *dump_block_bytes_slowly(const struct dump *d, size_t i);
bool dump_next_contents_slowly(const struct dump *d, size_t i, uint64_t from, uint64_t *start,
			       uint64_t *end);
const uint8_t *dump_find_bytes_slowly(const struct dump *d, uint64_t addr, size_t len);

static inline const struct dump_core *dump_core(const struct dump *d)
{
	return (const struct dump_core *)d;
}

/* Of a machine that need not have an instruction for it. */
static inline uint32_t dump_count_bits(uint64_t x)
{
	x -= x >> 1 & 0x5555555555555555ull;
	x = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);
	return (uint32_t)(((x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full) * 0x0101010101010101ull >> 56);
}

/* The span around addr; NULL: few blocks start near it. */
static inline const struct block_span *dump_find_span(const struct dump *d, uint64_t addr)
{
	const struct block_cell *cell = &dump_core(d)->cells[addr >> BLOCK_CELL_SHIFT];

	if (!cell->finer)
		return NULL;
	cell = (const struct block_cell *)cell->finer +
	       (addr >> BLOCK_PIECE_SHIFT & ((1u << (BLOCK_CELL_SHIFT - BLOCK_PIECE_SHIFT)) - 1));
	if (!cell->finer)
		return NULL;
	return (const struct block_span *)cell->finer +
	       (addr >> BLOCK_SPAN_SHIFT & ((1u << (BLOCK_PIECE_SHIFT - BLOCK_SPAN_SHIFT)) - 1));
}

static inline uint32_t dump_find_block(const struct dump *d, uint64_t addr)
{
	const struct block_span *span = addr < DUMP_ADDRESS_MAX ? dump_find_span(d, addr) : NULL;

	if (!span || span->has_twins)
		return dump_find_block_slowly(d, addr);

	/* The starts at or before addr, the last one uppermost. */
	const uint64_t starts = span->starts << (63 - addr / 8 % 64);
	const uint32_t i = span->first + dump_count_bits(starts) - 1;

	if (starts) {
		const uint64_t distance = (uint64_t)__builtin_clzll(starts) * 8 + addr % 8;

		if (!distance || distance < dump_core(d)->blocks.size[i])
			return i;
	}
	return dump_find_block_around(d, i, addr);
}

/* A function that only fetches ahead does nothing as the compiler sees it (GCC 12 leaves it out
 * with its callers), unless it has something like this. */
static inline void dump_fetch(const void *p)
{
	__builtin_prefetch(p);
	__asm__ volatile("");
}

static inline void dump_expect_lookup(const struct dump *d, uint64_t addr)
{
	const struct dump_core *c = dump_core(d);
	const struct block_span *span =
		addr - c->low <= c->high - c->low ? dump_find_span(d, addr) : NULL;

	if (span)
		dump_fetch(span);
}

static inline uint32_t dump_expect_block(const struct dump *d, uint64_t addr)
{
	const struct dump_core *c = dump_core(d);
	const struct block_span *span =
		addr - c->low <= c->high - c->low ? dump_find_span(d, addr) : NULL;
	uint32_t i;

	if (!span || span->has_twins)
		return UINT32_MAX;
	i = span->first + dump_count_bits(span->starts << (63 - addr / 8 % 64)) - 1;
	if (i == UINT32_MAX)
		return i;
	dump_fetch(&c->blocks.addr[i]);
	dump_fetch(&c->blocks.size[i]);
	return i;
}

static inline uint64_t dump_place_offset(const struct dump_core *c, size_t i)
{
	return c->place_base[i >> DUMP_PLACE_GROUP_SHIFT] + (uint64_t)c->place[i] * 8;
}

static inline const uint8_t *dump_place(const struct dump_core *c, size_t i)
{
	return c->small + dump_place_offset(c, i);
}

static inline bool dump_has_place(const struct dump_core *c, size_t i)
{
	return c->small && c->place[i] != DUMP_NO_PLACE;
}

static inline const uint8_t *dump_block_bytes(const struct dump *d, size_t i)
{
	const struct dump_core *c = dump_core(d);

	return dump_has_place(c, i) ? dump_place(c, i) : dump_block_bytes_slowly(d, i);
}

static inline bool dump_next_contents(const struct dump *d, size_t i, uint64_t from,
				      uint64_t *start, uint64_t *end)
{
	const struct dump_core *c = dump_core(d);

	if (!dump_has_place(c, i))
		return dump_next_contents_slowly(d, i, from, start, end);
	*start = from;
	*end = c->blocks.size[i];
	return from < *end;
}

static inline const uint8_t *dump_find_bytes(const struct dump *d, uint64_t addr, size_t len)
{
	const struct dump_core *c = dump_core(d);
	const uint32_t i = dump_find_block(d, addr);

	if (i != UINT32_MAX && dump_has_place(c, i)) {
		const uint64_t offset = addr - c->blocks.addr[i];

		if (len <= c->blocks.size[i] - offset)
			return dump_place(c, i) + offset;
	}
	return dump_find_bytes_slowly(d, addr, len);
}

static inline const struct dump_blocks *dump_blocks(const struct dump *d)
{
	return &dump_core(d)->blocks;
}

#endif
