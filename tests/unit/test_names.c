/* SPDX-License-Identifier: MIT */
/*
 * live/attr and live/label: interning, from many threads at once and beyond what there is room for;
 * labels against a plain array.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live/attr.h"
#include "live/label.h"
#include "live/record.h"
#include "rt/count.h"

#define NR_NAMES 3001	/* prime: every order takes in every name */
#define NR_THREADS 4

static void test_texts(void **state)
{
	char longest[ATTR_TEXT_LEN_MAX + 100];
	const uint32_t a = attr_intern_text("Request"), b = attr_intern_text("Response");

	(void)state;
	assert_int_not_equal(a, b);
	assert_int_equal(attr_intern_text("Request"), a);
	assert_int_equal(attr_find_text("Response"), b);
	assert_int_equal(attr_find_text("Reques"), 0);
	assert_string_equal(attr_text(a), "Request");
	assert_string_equal(attr_text(0), "");
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = 0;
	assert_int_equal(strlen(attr_text(attr_intern_text(longest))), ATTR_TEXT_LEN_MAX);
}

static void test_pairs(void **state)
{
	const uint32_t tag = attr_intern_text("tag"), scope = attr_intern_text("scope");
	const uint32_t both = attr_intern(tag, scope);

	(void)state;
	assert_int_equal(attr_intern(0, 0), 0);
	assert_int_not_equal(both, attr_intern(tag, 0));
	assert_int_not_equal(both, attr_intern(scope, tag));
	assert_int_equal(attr_intern(tag, scope), both);
	assert_int_equal(attr_get(both).tag, tag);
	assert_int_equal(attr_get(both).scope, scope);
	assert_int_equal(attr_get(0).tag, 0);
}

static uint32_t results[NR_THREADS][NR_NAMES];

static void *intern_all(void *arg)
{
	const size_t t = (size_t)arg;
	char name[32];

	for (size_t i = 0; i < NR_NAMES; i++) {
		const size_t n = (i * (2 * t + 1) + t * 700) % NR_NAMES;

		snprintf(name, sizeof(name), "class-%zu", n);
		results[t][n] = attr_intern(attr_intern_text(name), 0);
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[NR_THREADS];
	char name[32];

	(void)state;
	for (size_t t = 0; t < NR_THREADS; t++)
		assert_int_equal(pthread_create(&threads[t], NULL, intern_all, (void *)t), 0);
	for (size_t t = 0; t < NR_THREADS; t++)
		pthread_join(threads[t], NULL);
	for (size_t n = 0; n < NR_NAMES; n++) {
		snprintf(name, sizeof(name), "class-%zu", n);
		for (size_t t = 0; t < NR_THREADS; t++)
			assert_int_equal(results[t][n], results[0][n]);
		assert_string_equal(attr_text(attr_get(results[0][n]).tag), name);
	}
}

static void test_overflow(void **state)
{
	const uint64_t lost = rt_counts[COUNT_tags_lost];
	const uint32_t scope = attr_intern_text("a scope");
	char name[32];

	(void)state;
	for (uint32_t i = 0; i < RECORD_ATTR_MAX + 10; i++) {
		snprintf(name, sizeof(name), "many-%u", i);
		attr_intern(attr_intern_text(name), scope);
	}
	assert_int_equal(attr_nr(), RECORD_ATTR_MAX);
	assert_true(rt_counts[COUNT_tags_lost] > lost);
	for (uint32_t i = 0; i < ATTR_TEXTS_MAX; i++) {
		snprintf(name, sizeof(name), "text-%u", i);
		attr_intern_text(name);
	}
	assert_int_equal(attr_nr_texts(), ATTR_TEXTS_MAX);
	assert_int_equal(attr_intern_text("one more"), 0);
	assert_int_equal(attr_find_text("one more"), 0);
	assert_int_not_equal(attr_find_text("text-1"), 0);	/* what is there stays */
}

static void test_labels(void **state)
{
	enum { NR = 700 };
	static uint32_t model[NR];	/* 0: no label, else its text */
	char text[32];

	(void)state;
	srandom(1);
	assert_null(label_find(0, 0x1000));
	for (uint32_t i = 1; i < 50000; i++) {
		const uint32_t k = (uint32_t)random() % NR, other = (uint32_t)random() % NR;

		switch (random() % 4) {
		case 0:
		case 1:
			snprintf(text, sizeof(text), "label %u", i);
			assert_true(label_set(k % 4, 0x1000 + k * 16, text));
			model[k] = i;
			break;
		case 2:
			label_remove(k % 4, 0x1000 + k * 16);
			model[k] = 0;
			break;
		default:
			if (!model[k] || k % 4 != other % 4 || k == other)
				break;
			label_move(k % 4, 0x1000 + k * 16, 0x1000 + other * 16);
			model[other] = model[k];
			model[k] = 0;
		}
	}
	for (uint32_t k = 0; k < NR; k++) {
		const char *const found = label_find(k % 4, 0x1000 + k * 16);

		snprintf(text, sizeof(text), "label %u", model[k]);
		if (model[k])
			assert_string_equal(found, text);
		else
			assert_null(found);
		assert_null(label_find((k + 1) % 4, 0x1000 + k * 16));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),	cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_threads), cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
