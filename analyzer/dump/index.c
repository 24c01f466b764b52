/* SPDX-License-Identifier: MIT */
/*
 * From an address to the block that starts last at or before it, in a few steps.  The address space
 * is cut into cells of 1 GB, those into cells of 1 MB, those into cells of 256 bytes; a cell says
 * which block is the first to start at or after it, so that a cell and its successor bound a binary
 * search.  A cell is cut further only where that pays, so the whole takes at most 128 bytes a block
 * and for dense heaps a few.
 */
#include "base/mem.h"
#include "dump/internal.h"

#define NR_LEVELS 3

/* Cells of a level have 1 << shift bytes; one of the next level is made for a cell in which more
 * than `dense` blocks start. */
static const struct level {
	uint32_t shift;
	uint32_t nr_cells;
	uint32_t dense;
} levels[NR_LEVELS] = {
	{ 30, 1u << 17, 64 },
	{ 20, 1u << 10, 256 },
	{ 8, 1u << 12, UINT32_MAX },
};

struct cell {
	uint32_t first; /* first block that starts at or after the cell */
	uint32_t table; /* tables[], or NO_TABLE */
};

#define NO_TABLE UINT32_MAX

struct table {
	struct cell *cells; /* [nr_cells of its level + 1]: the last one ends the last but one */
	uint32_t *firsts;   /* the same without tables, of the last level */
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
	uint32_t *firsts = xcalloc(levels[depth].nr_cells + 1, sizeof(*firsts));
	const size_t made = index->nr_tables++;
	struct cell *cells;

	index->tables = array_grow(index->tables, made, &index->capacity, sizeof(*index->tables));
	fill_firsts(index->blocks, &levels[depth], base, first, end, firsts);
	if (depth == NR_LEVELS - 1) {
		index->tables[made] = (struct table){ .firsts = firsts };
		return (uint32_t)made;
	}
	cells = make_cells(index, firsts, base, depth);
	index->tables[made] = (struct table){ .cells = cells };
	free(firsts);
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
		free(index->tables[i].firsts);
	}
	free(index->tables);
	free(index);
}

/* The blocks from *low to *high - 1 are those that start in the smallest cell around addr. */
static void find_cell(const struct block_index *index, uint64_t addr, uint32_t *low, uint32_t *high)
{
	const struct table *table = &index->tables[0];

	for (uint32_t depth = 0; depth < NR_LEVELS; depth++) {
		const uint64_t i = (addr >> levels[depth].shift) & (levels[depth].nr_cells - 1);

		if (table->firsts) {
			*low = table->firsts[i];
			*high = table->firsts[i + 1];
			return;
		}
		*low = table->cells[i].first;
		*high = table->cells[i + 1].first;
		if (table->cells[i].table == NO_TABLE)
			return;
		table = &index->tables[table->cells[i].table];
	}
}

uint32_t block_index_find(const struct block_index *index, uint64_t addr)
{
	uint32_t low, high;

	if (addr >= ADDRESS_MAX)
		return NO_BLOCK;
	find_cell(index, addr, &low, &high);
	/* No branch depends on what is found, so that one search need not wait for another. */
	for (uint32_t nr = high - low; nr;) {
		const uint32_t half = (nr + 1) / 2;

		low += index->blocks->addr[low + half - 1] <= addr ? half : 0;
		nr -= half;
	}
	return low ? low - 1 : NO_BLOCK;
}
