/* SPDX-License-Identifier: MIT */
/*
 * stack/location: the same place is the same index, from many threads at once; what is read back is
 * what was put in.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "stack/location.h"

#define NR_THREADS 4
#define NR_PLACES  5000

static uint32_t results[NR_THREADS][NR_PLACES];

static uint32_t intern(uint32_t n)
{
	char file[32], function[32];
	const int file_len = snprintf(file, sizeof(file), "/f%u.py", n % 70),
		  function_len = snprintf(function, sizeof(function), "f%u", n % 1500);

	return location_intern(file, (uint32_t)file_len, function, (uint32_t)function_len, n);
}

static void *intern_all(void *arg)
{
	uint32_t *const result = arg;

	for (uint32_t i = 0; i < NR_PLACES; i++) {
		const uint32_t n = i * 7919u % NR_PLACES;

		result[n] = intern(n);
	}
	return NULL;
}

static bool is_text(uint32_t text, const char *expected)
{
	const struct location_text *const t = location_get_text(text);

	return t->len == strlen(expected) && !memcmp(t->bytes, expected, t->len);
}

static void test_threads(void **state)
{
	pthread_t threads[NR_THREADS];

	(void)state;
	for (int i = 0; i < NR_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, intern_all, results[i]), 0);
	for (int i = 0; i < NR_THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 1; i < NR_THREADS; i++)
		assert_memory_equal(results[i], results[0], sizeof(results[0]));
	assert_int_equal(location_nr(), NR_PLACES);
	for (uint32_t n = 0; n < NR_PLACES; n++) {
		assert_in_range(results[0][n], 1, NR_PLACES);
		assert_int_equal(location_get(results[0][n]).line, n);
	}
	assert_true(is_text(location_get(results[0][1499]).file, "/f29.py"));
	assert_true(is_text(location_get(results[0][2999]).function, "f1499"));
}

static void test_texts(void **state)
{
	const uint32_t nr = location_nr();
	const uint32_t a = location_intern("a\0b", 3, "", 0, 1);

	(void)state;
	assert_int_equal(a, nr + 1);
	assert_int_equal(location_intern("a\0c", 3, "", 0, 1), nr + 2);
	assert_int_equal(location_intern("a\0b", 3, "", 0, 2), nr + 3);
	assert_int_equal(location_intern("a\0b", 3, "", 0, 1), a);
	assert_int_equal(location_get_text(location_get(a).file)->len, 3);
	assert_int_equal(location_get_text(location_get(a).function)->len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
