/* SPDX-License-Identifier: MIT */
/*
 * From an address to the block that starts last at or before it, in a few steps.  The address space
 * is cut into cells of 1 GB, those into cells of 1 MB.  A cell says which block is the first to
 * start at or after it, so that a cell and its successor bound a binary search.  Where many blocks
 * start in a cell it is cut further: one of 1 MB into spans, which have a bit for every address
 * where a block may start, so that the answer is a count of bits: one access to memory that is not
 * in the cache, which is what lookups cost in a large heap.  The whole takes at most 256 bytes a
 * block and for dense heaps a few.  What is asked of spans stands in dump/core.h.
 */
#include "base/mem.h"
#include "dump/internal.h"

#define NR_LEVELS 2
#define NR_SPANS  (1u << (BLOCK_PIECE_SHIFT - BLOCK_SPAN_SHIFT))

/* Cells of a level have 1 << shift bytes; what is finer is made for a cell in which more than
 * `dense` blocks start. */
static const struct level {
	uint32_t shift;
	uint32_t nr_cells;
	uint32_t dense;
} levels[NR_LEVELS] = {
	{ BLOCK_CELL_SHIFT, DUMP_ADDRESS_MAX >> BLOCK_CELL_SHIFT, 64 },
	{ BLOCK_PIECE_SHIFT, 1u << (BLOCK_CELL_SHIFT - BLOCK_PIECE_SHIFT), 256 },
};

/* [NR_SPANS + 1]: the last one ends the last but one. */
static struct block_span *make_spans(const struct dump_blocks *b, uint64_t base, uint32_t first,
				     uint32_t end)
{
	struct block_span *spans = xcalloc(NR_SPANS + 1, sizeof(*spans));
	uint32_t block = first;

	for (uint32_t i = 0; i < NR_SPANS; i++) {
		struct block_span *span = &spans[i];

		span->first = block;
		for (; block < end && (b->addr[block] - base) >> BLOCK_SPAN_SHIFT == i; block++) {
			const uint64_t start = 1ull << b->addr[block] / 8 % 64;

			span->has_twins |= span->starts & start;
			span->starts |= start;
		}
	}
	spans[NR_SPANS].first = end;
	return spans;
}

/* [nr_cells of the level + 1], the same, of blocks [first, end). */
static struct block_cell *make_cells(const struct dump_blocks *b, uint64_t base, uint32_t first,
				     uint32_t end, uint32_t depth)
{
	const struct level *level = &levels[depth];
	struct block_cell *cells = xcalloc(level->nr_cells + 1, sizeof(*cells));
	uint32_t block = first;

	for (uint32_t i = 0; i < level->nr_cells; i++) {
		const uint64_t start = base + ((uint64_t)i << level->shift);

		cells[i].first = block;
		while (block < end && b->addr[block] - start < 1ull << level->shift)
			block++;
		if (block - cells[i].first <= level->dense)
			continue;
		cells[i].finer =
			depth + 1 < NR_LEVELS
				? (void *)make_cells(b, start, cells[i].first, block, depth + 1)
				: (void *)make_spans(b, start, cells[i].first, block);
	}
	cells[level->nr_cells].first = end;
	return cells;
}

void block_index_create(struct dump_core *c)
{
	const struct dump_blocks *b = &c->blocks;

	c->cells = make_cells(b, 0, 0, (uint32_t)b->nr, 0);
	c->low = b->nr ? b->addr[0] : 0;
	c->high = b->nr ? b->addr[b->nr - 1] + b->size[b->nr - 1] : 0;
}

static void destroy_cells(struct block_cell *cells, uint32_t depth)
{
	for (uint32_t i = 0; cells && i < levels[depth].nr_cells; i++) {
		if (depth + 1 < NR_LEVELS)
			destroy_cells(cells[i].finer, depth + 1);
		else
			free(cells[i].finer);
	}
	free(cells);
}

void block_index_destroy(struct dump_core *c)
{
	destroy_cells(c->cells, 0);
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

/* How many blocks start at or before addr, which is in that span. */
static uint32_t span_count(const struct dump_blocks *b, const struct block_span *span,
			   uint64_t addr)
{
	if (span->has_twins)
		return span->first + count_starts(b, span->first, span[1].first, addr);
	return span->first + dump_count_bits(span->starts & ~0ull >> (63 - addr / 8 % 64));
}

uint32_t block_index_find(const struct dump *d, uint64_t addr)
{
	const struct dump_blocks *b = &d->core.blocks;
	const struct block_span *span;
	const struct block_cell *cell;

	if (addr >= DUMP_ADDRESS_MAX)
		return NO_BLOCK;
	span = dump_find_span(d, addr);
	if (span)
		return span_count(b, span, addr) - 1;
	cell = &d->core.cells[addr >> BLOCK_CELL_SHIFT];
	if (cell->finer)
		cell = (const struct block_cell *)cell->finer +
		       (addr >> BLOCK_PIECE_SHIFT & (levels[1].nr_cells - 1));
	return cell[0].first + count_starts(b, cell[0].first, cell[1].first, addr) - 1;
}

uint32_t dump_find_block_around(const struct dump *d, uint32_t block, uint64_t addr)
{
	const struct dump_blocks *b = &d->core.blocks;

	while (block != NO_BLOCK && b->addr[block] != addr &&
	       addr - b->addr[block] >= b->size[block])
		block = b->parent[block];
	return block;
}

uint32_t dump_find_block_slowly(const struct dump *d, uint64_t addr)
{
	return dump_find_block_around(d, block_index_find(d, addr), addr);
}
