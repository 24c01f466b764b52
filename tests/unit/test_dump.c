/* SPDX-License-Identifier: MIT */
/*
 * The reader against a dump that the independent writer made of tests/dumps/sample.heap: every
 * section's entries arrive as they were described.  Environment: SAMPLE_DUMP names the dump.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dump/dump.h"

#define NONE UINT32_MAX

static struct dump *dump;

static int open_sample(void **state)
{
	struct error *error = dump_open(getenv("SAMPLE_DUMP"), NULL, &dump);

	(void)state;
	if (error)
		print_error("%s\n", error->message);
	return error ? -1 : 0;
}

static int close_sample(void **state)
{
	(void)state;
	dump_close(dump);
	return 0;
}

static uint32_t block_at(uint64_t addr)
{
	const uint32_t i = dump_find_block(dump, addr);

	assert_int_not_equal(i, NONE);
	return i;
}

static const char *tag_of(uint32_t block)
{
	size_t nr;

	return dump_get_string(dump, dump_attrs(dump, &nr)[dump_blocks(dump)->attr[block]].tag)
		.bytes;
}

static uint64_t word_at(uint64_t addr)
{
	const uint8_t *bytes = dump_find_bytes(dump, addr, 8);
	uint64_t word;

	assert_non_null(bytes);
	memcpy(&word, bytes, sizeof(word));
	return word;
}

static void test_values(void **state)
{
	(void)state;
	assert_int_equal(dump_proc_number(dump, "pid", 0), 4242);
	assert_int_equal(dump_proc_number(dump, "no_such_key", 7), 7);
	assert_string_equal(dump_proc_text(dump, "contents"), "full");
	assert_null(dump_proc_text(dump, "pid"));
	assert_int_equal(dump_counts(dump)->nr, 2);
	assert_string_equal(dump_counts(dump)->items[0].key, "stacks_failed");
	assert_int_equal(dump_counts(dump)->items[0].number, 3);
	assert_int_equal(dump_alloc(dump)->nr, 1);
	assert_int_equal(dump_get_string(dump, 0).len, 0);
}

static void test_arrays(void **state)
{
	const struct hc_module *modules;
	const struct hc_stack_node *nodes;
	const struct hc_python_place *places;
	const struct hc_label *labels;
	size_t nr;

	(void)state;
	modules = dump_modules(dump, &nr);
	assert_int_equal(nr, 2);
	assert_string_equal(dump_get_string(dump, modules[1].path).bytes, "/usr/lib/libdemo.so.1");
	assert_int_equal(dump_get_string(dump, modules[0].build_id).len, 20);
	nodes = dump_stacks(dump, &nr);
	assert_int_equal(nr, 1 + 11);
	assert_int_equal(nodes[2].parent, 1);
	assert_true(nodes[8].pc == (HC_STACK_BOTH | 6) && nodes[8].parent == 7);
	places = dump_places(dump, &nr);
	assert_int_equal(nr, 1 + 3);
	assert_true(HC_STACK_INDEX(nodes[6].pc) == 2 && places[2].line == 12);
	assert_string_equal(dump_get_string(dump, places[2].function).bytes, "parse");
	labels = dump_labels(dump, &nr);
	assert_int_equal(nr, 3);
	assert_string_equal(dump_get_string(dump, labels[0].text).bytes, "page");
	dump_segments(dump, &nr);
	assert_int_equal(nr, 4);
	dump_maps(dump, &nr);
	assert_int_equal(nr, 6);
	assert_int_equal(dump_registers(dump, &nr)->regno, 3);
	dump_resident(dump, &nr);
	assert_int_equal(nr, 2);
}

static void test_blocks(void **state)
{
	const struct dump_blocks *b = dump_blocks(dump);
	const uint32_t queue = block_at(0x1000000000);

	(void)state;
	assert_int_equal(b->nr, 15);
	assert_string_equal(tag_of(queue), "Queue");
	assert_int_equal(b->size[queue], 64);
	assert_int_equal(b->kind[queue], HC_KIND_MALLOC);
	assert_int_equal(b->parent[queue], NONE);
	assert_int_equal(b->kind[queue + 1], HC_KIND_NEW);
	assert_int_equal(b->thread[queue + 1], 2);
	assert_int_equal(b->flags[queue + 1], HC_BLOCK_LABELLED);
	assert_int_equal(dump_age_ns(dump, b->tick[queue]) / 1000000000, 90);
}

static void test_find_block(void **state)
{
	const struct dump_blocks *b = dump_blocks(dump);
	const uint32_t pool = block_at(0x1000020100), item = block_at(0x1000020010);

	(void)state;
	assert_int_equal(dump_find_block(dump, 0), NONE);
	assert_int_equal(dump_find_block(dump, 0xfffffffff), NONE);
	assert_int_equal(dump_find_block(dump, UINT64_MAX), NONE);
	assert_int_equal(block_at(0x100000003f), block_at(0x1000000000));
	assert_int_equal(dump_find_block(dump, 0x1000000040), NONE);
	assert_int_equal(b->size[block_at(0x1000000240)], 0);
	assert_int_equal(dump_find_block(dump, 0x1000000241), NONE);
	assert_int_equal(b->kind[pool], HC_KIND_MALLOC);
	assert_int_equal(b->kind[item], HC_KIND_POOL);
	assert_int_equal(b->parent[item], pool);
	assert_int_equal(block_at(0x1000020018), pool);
	assert_int_equal(b->size[block_at(0x1000030000 + 299999)], 300000);
	assert_int_equal(dump_find_block(dump, 0x1000030000 + 300000), NONE);
}

static void test_contents(void **state)
{
	const uint32_t item = block_at(0x1000020000), python = block_at(0x1000010010);
	const uint32_t arena = block_at(0x1000010800), empty = block_at(0x1000000240);

	(void)state;
	assert_true(dump_has_contents(dump));
	assert_int_equal(word_at(0x1000000000), 0x1000000060);
	assert_string_equal((const char *)dump_block_bytes(dump, block_at(0x1000000180)),
			    "http://127.0.0.1/page1");
	assert_memory_equal(dump_block_bytes(dump, python), "inside", 7);
	assert_null(dump_block_bytes(dump, arena));
	assert_null(dump_block_bytes(dump, empty));
	assert_int_equal(*(const uint64_t *)dump_block_bytes(dump, item), 0x1000000000);
	assert_int_equal(word_at(0x1000030008), 0x1000000000);
	assert_int_equal(word_at(0x1000030000 + 0x40000), 0x1000000120);
	assert_int_equal(word_at(0x1000030000 + 0x48000), 0);
	assert_null(dump_find_bytes(dump, 0x1000000038, 16));
}

static void test_next_contents(void **state)
{
	const uint32_t big = block_at(0x1000030000), queue = block_at(0x1000000000);
	uint64_t start, end;

	(void)state;
	assert_true(dump_next_contents(dump, queue, 8, &start, &end));
	assert_int_equal(start, 8);
	assert_int_equal(end, 64);
	assert_false(dump_next_contents(dump, queue, 64, &start, &end));
	assert_true(dump_next_contents(dump, big, 0, &start, &end));
	assert_int_equal(start, 0);
	assert_int_equal(end, 0x40008);
	assert_false(dump_next_contents(dump, big, end, &start, &end));
}

static void test_ranges(void **state)
{
	const struct dump_range *ranges;
	size_t nr;

	(void)state;
	ranges = dump_ranges(dump, &nr);
	assert_int_equal(nr, 3);
	assert_int_equal(ranges[0].kind, HC_RANGE_DATA);
	assert_int_equal(ranges[2].tid, 4242);
	assert_int_equal(word_at(0x7ffd00000120), 0x1000000060);
	assert_memory_equal(dump_find_bytes(dump, 0x555500002000, 8), "7Request", 8);
	assert_null(dump_find_bytes(dump, 0x555500002000, 9));
}

static void test_threads_and_modules(void **state)
{
	const struct hc_thread *t = dump_find_thread(dump, 2, 100);

	(void)state;
	assert_int_equal(t->state, HC_THREAD_GONE);
	assert_int_equal(dump_find_thread(dump, 2, 201)->tid, 4250);
	assert_null(dump_find_thread(dump, 3, 5));
	assert_null(dump_find_thread(dump, 0, 5));
	assert_int_equal(dump_find_module(dump, 0x555500000010), 0);
	assert_int_equal(dump_find_module(dump, 0x7f1000000000), 1);
	assert_int_equal(dump_find_module(dump, 0x1000), NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),	 cmocka_unit_test(test_arrays),
		cmocka_unit_test(test_blocks),	 cmocka_unit_test(test_find_block),
		cmocka_unit_test(test_contents), cmocka_unit_test(test_next_contents),
		cmocka_unit_test(test_ranges),	 cmocka_unit_test(test_threads_and_modules),
	};

	return cmocka_run_group_tests(tests, open_sample, close_sample);
}
