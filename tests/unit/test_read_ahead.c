/* SPDX-License-Identifier: MIT */
/*
 * Two threads and a list: whatever is read ahead, stopped or taken away, no item is two threads' at
 * the same time, and none is done twice.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/read_ahead.h"

#define NR_ITEMS 2000

/* Neither is atomic: ThreadSanitizer tells where two threads meet. */
static unsigned int nr_done[NR_ITEMS], nr_uses[NR_ITEMS];

static void do_item(void *arg, uint32_t item)
{
	(void)arg;
	nr_uses[item]++;
	nr_done[item]++;
}

static struct read_ahead *start(size_t nr)
{
	static uint32_t items[NR_ITEMS];

	for (uint32_t i = 0; i < NR_ITEMS; i++) {
		items[i] = NR_ITEMS - 1 - i;
		nr_done[i] = nr_uses[i] = 0;
	}
	return read_ahead_start(items, nr, NR_ITEMS, do_item, NULL);
}

static void use(struct read_ahead *r, uint32_t item)
{
	read_ahead_take(r, item);
	nr_uses[item]++;
	if (!nr_done[item])
		nr_done[item]++;
}

static void check_all(unsigned int uses_min)
{
	for (uint32_t i = 0; i < NR_ITEMS; i++) {
		assert_true(nr_done[i] <= 1);
		assert_true(nr_uses[i] >= uses_min && nr_uses[i] <= uses_min + 1);
	}
}

static void test_each_once(void **state)
{
	struct read_ahead *r;

	(void)state;
	setenv("HEAPCENSUS_THREADS", "2", 1);
	r = start(NR_ITEMS);
	for (uint32_t i = 0; i < NR_ITEMS; i++)
		use(r, i);
	for (uint32_t i = NR_ITEMS; i-- > 0;)
		use(r, i);
	read_ahead_stop(r);
	check_all(2);
}

static void test_stopped(void **state)
{
	(void)state;
	setenv("HEAPCENSUS_THREADS", "2", 1);
	for (int i = 0; i < 50; i++) {
		read_ahead_stop(start(NR_ITEMS));
		check_all(0);
	}
}

static void test_nobody(void **state)
{
	(void)state;
	setenv("HEAPCENSUS_THREADS", "2", 1);
	assert_null(start(0));
	setenv("HEAPCENSUS_THREADS", "1", 1);
	assert_null(start(NR_ITEMS));
	use(NULL, 3);
	read_ahead_stop(NULL);
	assert_int_equal(nr_done[3], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_once),
		cmocka_unit_test(test_stopped),
		cmocka_unit_test(test_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
