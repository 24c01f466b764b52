/* SPDX-License-Identifier: MIT */
/*
 * The index of blocks by address, held against a walk over all of them: dense and sparse heaps,
 * blocks that start at one address, the edges of its cells.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dump/internal.h"

#define NR_BLOCKS 6000
#define BASE	  0x1234000000ull

static uint64_t random_state = 88172645463325252ull;

static uint64_t random_next(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/* Blocks with gaps of up to `gap` bytes, some of none: they are nested in the one before. */
static void make_blocks(uint64_t *addr, uint64_t gap)
{
	uint64_t at = BASE;

	for (size_t i = 0; i < NR_BLOCKS; i++) {
		addr[i] = at;
		at += random_next() % gap / 8 * 8;
	}
}

static uint32_t walk(const uint64_t *addr, uint64_t wanted)
{
	uint32_t found = NO_BLOCK;

	for (uint32_t i = 0; i < NR_BLOCKS && addr[i] <= wanted; i++)
		found = i;
	return found;
}

/* Each has room for half of what is up to the next one; of several at one address the later lie in
 * the earlier. */
static void fill_gaps(const uint64_t *addr, uint64_t *size, uint32_t *parent)
{
	for (size_t i = NR_BLOCKS; i-- > 0;) {
		const bool has_twin = i + 1 < NR_BLOCKS && addr[i + 1] == addr[i];

		size[i] = has_twin	       ? size[i + 1]
			  : i + 1 == NR_BLOCKS ? 24
					       : (addr[i + 1] - addr[i]) / 2;
		parent[i] = i && addr[i - 1] == addr[i] ? (uint32_t)i - 1 : NO_BLOCK;
	}
}

static uint32_t find_around(const struct dump_blocks *b, uint32_t last, uint64_t wanted)
{
	while (last != NO_BLOCK && b->addr[last] != wanted &&
	       wanted - b->addr[last] >= b->size[last])
		last = b->parent[last];
	return last;
}

static void check_gap(uint64_t gap)
{
	static uint64_t addr[NR_BLOCKS], size[NR_BLOCKS];
	static uint32_t parent[NR_BLOCKS];
	struct dump d = { .core.blocks = {
				  .nr = NR_BLOCKS, .addr = addr, .size = size, .parent = parent } };

	make_blocks(addr, gap);
	fill_gaps(addr, size, parent);
	block_index_create(&d.core);
	for (size_t i = 0; i < NR_BLOCKS; i += 7) {
		for (uint64_t wanted = addr[i] - 9; wanted < addr[i] + 18; wanted++) {
			const uint32_t last = walk(addr, wanted);

			assert_int_equal(block_index_find(&d, wanted), last);
			assert_int_equal(dump_find_block(&d, wanted),
					 find_around(&d.core.blocks, last, wanted));
		}
	}
	assert_int_equal(block_index_find(&d, 0), NO_BLOCK);
	assert_int_equal(block_index_find(&d, DUMP_ADDRESS_MAX - 1), NR_BLOCKS - 1);
	assert_int_equal(block_index_find(&d, DUMP_ADDRESS_MAX), NO_BLOCK);
	assert_int_equal(dump_find_block(&d, DUMP_ADDRESS_MAX), NO_BLOCK);
	block_index_destroy(&d.core);
}

static void test_dense(void **state)
{
	(void)state;
	check_gap(40);
	check_gap(200);
}

static void test_some_cells_dense(void **state)
{
	(void)state;
	check_gap(4000);
	check_gap(9000);
}

static void test_sparse(void **state)
{
	(void)state;
	check_gap(1 << 20);
	check_gap(1ull << 33);
}

static void test_none(void **state)
{
	struct dump d = { .core.blocks.nr = 0 };

	(void)state;
	block_index_create(&d.core);
	assert_int_equal(block_index_find(&d, BASE), NO_BLOCK);
	assert_int_equal(dump_find_block(&d, BASE), NO_BLOCK);
	block_index_destroy(&d.core);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dense),
		cmocka_unit_test(test_some_cells_dense),
		cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
