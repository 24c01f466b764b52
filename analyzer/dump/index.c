/* SPDX-License-Identifier: MIT */
/*
 * From an address to the block that starts last at or before it, in a few steps.  The address space
 * is cut into cells of 1 GB, those into cells of 1 MB.  A cell says which block is the first to
 * start at or after it, so that a cell and its successor bound a binary search.  Where many blocks
 * start in a cell it is cut further: one of 1 MB into spans, which have a bit for every address
 * where a block may start, so that the answer is a count of bits: one access to memory that is not
 * in the cache, which is what lookups cost in a large heap.  The whole takes at most 128 bytes a
 * block and for dense heaps a few.
 */
#include "base/mem.h"
#include "dump/internal.h"

#define NR_LEVELS  2
#define SPAN_SHIFT 9 /* 64 addresses that are multiples of 8 */
#define NR_SPANS   (1u << 20 >> SPAN_SHIFT)

/* Cells of a level have 1 << shift bytes; what is finer is made for a cell in which more than
 * `dense` blocks start. */
static const struct level {
	uint32_t shift;
	uint32_t nr_cells;
	uint32_t dense;
} levels[NR_LEVELS] = {
	{ 30, 1u << 17, 64 },
	{ 20, 1u << 10, 256 },
};

struct cell {
	uint32_t first; /* first block that starts at or after the cell */
	uint32_t table; /* tables[], or NO_TABLE */
};

#define NO_TABLE UINT32_MAX

struct span {
	uint64_t starts; /* bit k: a block starts at 8 * k */
	uint32_t first;	 /* first block that starts at or after the span */
	bool has_twins;	 /* several start at one address: bits are fewer than blocks */
};

struct table {
	struct cell *cells; /* [nr_cells of its level + 1]: the last one ends the last but one */
	struct span *spans; /* [NR_SPANS + 1], of the last level, the same */
};

struct block_index {
	const struct dump_blocks *blocks;
	struct table *tables; /* [0] is the root */
	size_t nr_tables, capacity;
};

static uint32_t add_table(struct block_index *index, uint64_t base, uint32_t first, uint32_t end,
			  uint32_t depth);

/* Fills cells with the block that is the first in or after each. */
static void fill_firsts(const struct dump_blocks *b, const struct level *level, uint64_t base,
			uint32_t first, uint32_t end, uint32_t *firsts)
{
	uint32_t block = first;

	for (uint32_t i = 0; i <= level->nr_cells; i++) {
		const uint64_t start = base + ((uint64_t)i << level->shift);

		while (block < end && b->addr[block] < start)
			block++;
		firsts[i] = block;
	}
}

static struct span *make_spans(const struct dump_blocks *b, uint64_t base, uint32_t first,
			       uint32_t end)
{
	struct span *spans = xcalloc(NR_SPANS + 1, sizeof(*spans));
	uint32_t block = first;

	for (uint32_t i = 0; i < NR_SPANS; i++) {
		struct span *span = &spans[i];

		span->first = block;
		for (; block < end && (b->addr[block] - base) >> SPAN_SHIFT == i; block++) {
			const uint64_t start = 1ull << b->addr[block] / 8 % 64;

			span->has_twins |= span->starts & start;
			span->starts |= start;
		}
	}
	spans[NR_SPANS].first = end;
	return spans;
}

static struct cell *make_cells(struct block_index *index, const uint32_t *firsts, uint64_t base,
			       uint32_t depth)
{
	const struct level *level = &levels[depth];
	struct cell *cells = xcalloc(level->nr_cells + 1, sizeof(*cells));

	for (uint32_t i = 0; i <= level->nr_cells; i++) {
		const bool dense = i < level->nr_cells && firsts[i + 1] - firsts[i] > level->dense;

		cells[i].first = firsts[i];
		cells[i].table = dense ? add_table(index, base + ((uint64_t)i << level->shift),
						   firsts[i], firsts[i + 1], depth + 1)
				       : NO_TABLE;
	}
	return cells;
}

static uint32_t add_table(struct block_index *index, uint64_t base, uint32_t first, uint32_t end,
			  uint32_t depth)
{
	const size_t made = index->nr_tables++;
	_cleanup_free_ uint32_t *firsts = NULL;

	index->tables = array_grow(index->tables, made, &index->capacity, sizeof(*index->tables));
	if (depth == NR_LEVELS) {
		index->tables[made] =
			(struct table){ .spans = make_spans(index->blocks, base, first, end) };
		return (uint32_t)made;
	}
	firsts = xcalloc(levels[depth].nr_cells + 1, sizeof(*firsts));
	fill_firsts(index->blocks, &levels[depth], base, first, end, firsts);

	struct cell *cells = make_cells(index, firsts, base, depth); /* grows tables */

	index->tables[made] = (struct table){ .cells = cells };
	return (uint32_t)made;
}

struct block_index *block_index_create(const struct dump_blocks *blocks)
{
	struct block_index *index = xcalloc(1, sizeof(*index));

	index->blocks = blocks;
	add_table(index, 0, 0, (uint32_t)blocks->nr, 0);
	return index;
}

void block_index_destroy(struct block_index *index)
{
	if (!index)
		return;
	for (size_t i = 0; i < index->nr_tables; i++) {
		free(index->tables[i].cells);
		free(index->tables[i].spans);
	}
	free(index->tables);
	free(index);
}

/* Those of blocks [low, high) that start at or before addr are how many?  No branch depends on what
 * is found, so that one search need not wait for another. */
static uint32_t count_starts(const struct dump_blocks *b, uint32_t low, uint32_t high,
			     uint64_t addr)
{
	const uint32_t first = low;

	for (uint32_t nr = high - low; nr;) {
		const uint32_t half = (nr + 1) / 2;

		low += b->addr[low + half - 1] <= addr ? half : 0;
		nr -= half;
	}
	return low - first;
}

/* Of a machine that need not have an instruction for it. */
static uint32_t count_bits(uint64_t x)
{
	x -= x >> 1 & 0x5555555555555555ull;
	x = (x & 0x3333333333333333ull) + (x >> 2 & 0x3333333333333333ull);
	return (uint32_t)(((x + (x >> 4)) & 0x0f0f0f0f0f0f0f0full) * 0x0101010101010101ull >> 56);
}

/* How many blocks start at or before addr, which is in that span. */
static uint32_t span_count(const struct dump_blocks *b, const struct span *span, uint64_t addr)
{
	if (span->has_twins)
		return span->first + count_starts(b, span->first, span[1].first, addr);
	return span->first + count_bits(span->starts & ~0ull >> (63 - addr / 8 % 64));
}

/* The smallest cell around addr; or, if *span is set, its span.  Asked for every word of the heap.
 */
static inline __attribute__((always_inline)) const struct cell *
find_cell(const struct block_index *index, uint64_t addr, const struct span **span)
{
	const struct table *table = &index->tables[0];

	for (uint32_t depth = 0; depth < NR_LEVELS; depth++) {
		const struct cell *cell =
			&table->cells[(addr >> levels[depth].shift) & (levels[depth].nr_cells - 1)];

		if (cell->table == NO_TABLE)
			return cell;
		table = &index->tables[cell->table];
	}
	*span = &table->spans[addr >> SPAN_SHIFT & (NR_SPANS - 1)];
	return NULL;
}

void block_index_expect(const struct block_index *index, uint64_t addr)
{
	const struct span *span = NULL;

	if (addr < ADDRESS_MAX && !find_cell(index, addr, &span))
		__builtin_prefetch(span);
}

uint32_t block_index_find(const struct block_index *index, uint64_t addr)
{
	const struct span *span = NULL;
	const struct cell *cell;

	if (addr >= ADDRESS_MAX)
		return NO_BLOCK;
	cell = find_cell(index, addr, &span);
	if (cell)
		return cell[0].first +
		       count_starts(index->blocks, cell[0].first, cell[1].first, addr) - 1;
	return span_count(index->blocks, span, addr) - 1;
}
