/* SPDX-License-Identifier: MIT */
/*
 * stack/depot: the same stack is the same node, from one thread and from many at once; parents come
 * before children; what it costs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "rt/private.h"
#include "stack/depot.h"

static void test_intern(void **state)
{
	const uint64_t stack[] = { 0x10, 0x20, 0x30 }, other[] = { 0x11, 0x20, 0x30 };
	struct depot_memo memo = { 0 };
	const uint32_t a = depot_intern_stack(&memo, stack, 3),
		       b = depot_intern_stack(&memo, other, 3);

	(void)state;
	assert_int_not_equal(a, 0);
	assert_int_not_equal(a, b);
	assert_int_equal(depot_intern_stack(&memo, stack, 3), a);
	assert_int_equal(depot_get(a)->pc, 0x10);
	assert_int_equal(depot_get(a)->parent, depot_get(b)->parent);
	assert_int_equal(depot_get(depot_get(a)->parent)->pc, 0x20);
	assert_int_equal(depot_intern_stack(&memo, stack, 0), 0);
	assert_int_equal(depot_intern(0x30, 0), depot_get(depot_get(a)->parent)->parent);
}

/* What a memo gives is what there would be without it, whatever it has seen before. */
static void test_memo(void **state)
{
	struct depot_memo memo = { 0 };
	uint64_t random = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct depot_memo none = { 0 };
		uint64_t pcs[6];

		random = random * 6364136223846793005u + 1442695040888963407u;
		const uint32_t nr = (uint32_t)(random >> 60) % 7;

		for (uint32_t k = 0; k < nr; k++)
			pcs[k] = 0x700 + (random >> (20 + 3 * k)) % 3;
		const uint32_t node = depot_intern_stack(&memo, pcs, nr);

		assert_int_equal(node, depot_intern_stack(&none, pcs, nr));
		uint32_t at = node;

		for (uint32_t k = 0; k < nr; k++, at = depot_get(at)->parent)
			assert_int_equal(depot_get(at)->pc, pcs[k]);
		assert_int_equal(at, 0);
	}
}

#define NR_STACKS 20000

static uint32_t results[8][NR_STACKS];

/* Every thread interns the same stacks of one to eight frames, in its own order. */
static void *intern_all(void *arg)
{
	uint32_t *result = arg;
	struct depot_memo memo = { 0 };
	const uint32_t step = 2 * (uint32_t)(result - results[0]) / NR_STACKS + 1;

	for (uint32_t i = 0; i < NR_STACKS; i++) {
		const uint32_t n = i * step * 7919u % NR_STACKS;
		uint64_t pcs[8];

		for (uint32_t k = 0; k < 8; k++)
			pcs[k] = 0x400000 + (n >> (2 * k)) * 16 + k;
		result[n] = depot_intern_stack(&memo, pcs, 1 + n % 8);
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, intern_all, results[i]), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
	for (int i = 1; i < 8; i++)
		for (uint32_t n = 0; n < NR_STACKS; n++)
			if (results[i][n])
				assert_int_equal(results[i][n], results[0][n]);
	for (uint32_t n = 1; n <= depot_nr(); n++) {
		assert_true(depot_get(n)->parent < n);
		assert_true(depot_get(n)->pc != 0);
	}
}

/* A million stacks in less than 64 MB of address space: most nodes have five children, few
 * have very many. */
static void test_size(void **state)
{
	const uint32_t first = depot_intern(0x10000000, 0);
	uint32_t last = first;

	(void)state;
	for (uint64_t i = 1; i < 1000000; i++) {
		const uint32_t parent = i % 100 ? first + (uint32_t)i / 5 : (uint32_t)i % 3;

		last = depot_intern(0x10000000 + i * 5, parent);
		assert_int_equal(last, first + i);
		assert_int_equal(depot_get(last)->parent, parent);
	}
	for (uint64_t i = 1; i < 1000000; i++) {
		const struct depot_node *const node = depot_get(first + (uint32_t)i);

		assert_int_equal(depot_intern(node->pc, node->parent), first + i);
	}
	assert_true(private_reserved_bytes() < 64 << 20);
}

/* Of all that is ours: a sanitizer's shadow is not. */
static uint64_t resident_bytes(void)
{
	static struct private_range ranges[1024];
	static unsigned char pages[1 << 16];
	const uint32_t nr = private_ranges(ranges, 1024);
	uint64_t bytes = 0;

	assert_true(nr <= 1024);
	for (uint32_t i = 0; i < nr; i++) {
		const uint64_t step = sizeof(pages) << 12;

		for (uint64_t at = ranges[i].start; at < ranges[i].end; at += step) {
			const uint64_t left = ranges[i].end - at;
			const uint64_t size = left < step ? left : step;

			assert_int_equal(mincore((void *)at, size, pages), 0);
			for (uint64_t page = 0; page < size >> 12; page++)
				bytes += (pages[page] & 1ul) << 12;
		}
	}
	return bytes;
}

/* A short program's depot takes few pages of the table: of 5000 stacks all under 512 KB. */
static void test_small(void **state)
{
	const uint64_t before = resident_bytes();
	const uint32_t first = depot_intern(0x20000000, 0);

	(void)state;
	for (uint64_t i = 1; i < 5000; i++)
		depot_intern(0x20000000 + i * 7, first + (uint32_t)i / 5);
	assert_int_equal(depot_nr() - first + 1, 5000);
	assert_true(resident_bytes() - before < 512 << 10);
}

static int setup(void **state)
{
	(void)state;
	return depot_init() ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_intern),
		cmocka_unit_test(test_memo),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_size),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
