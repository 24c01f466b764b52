/* SPDX-License-Identifier: MIT */
/*
 * What the snapshot's child is made of: copies of memory that may not be there, which pages are,
 * and the level that suits what was compressed and the disk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "snap/copy.h"
#include "snap/pace.h"
#include "snap/pages.h"

#define MB 1000000ull
#define MS 1000000ull

static void crash(int sig, uint64_t pc, uint64_t addr)
{
	(void)sig, (void)pc, (void)addr;
	abort();
}

/* Whatever the length and wherever it starts: what can be read is there, the rest is zero. */
static void test_copy_to_the_edge(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	uint8_t *const there =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t got[600], want[600];

	(void)state;
	copy_init(crash); /* cmocka sets handlers of its own before each test */
	assert_ptr_not_equal(there, MAP_FAILED);
	for (size_t i = 0; i < page; i++)
		there[i] = (uint8_t)(1 + i % 255);
	assert_int_equal(mprotect(there + page, page, PROT_NONE), 0);
	for (size_t readable = 0; readable < 530; readable++) {
		for (size_t beyond = 0; beyond < 20; beyond++) {
			const size_t len = readable + beyond;

			memset(got, 0xaa, sizeof(got));
			memset(want, 0xaa, sizeof(want));
			memset(want, 0, len);
			memcpy(want, there + page - readable, readable);
			assert_int_equal(copy_memory(got, (uint64_t)(there + page - readable), len),
					 !beyond);
			assert_memory_equal(got, want, sizeof(got));
		}
	}
	assert_int_equal(munmap(there, 2 * page), 0);
}

static void test_copy_word(void **state)
{
	const uint64_t here = 42;
	uint64_t word = 1;

	(void)state;
	copy_init(crash);
	assert_true(copy_word(&word, (uint64_t)&here));
	assert_int_equal(word, 42);
	assert_false(copy_word(&word, 8));
	assert_int_equal(word, 0);
}

/* The level after many chunks of 4 MB that cost the same. */
static int settle(struct pace *p, struct pace_cost cost)
{
	int level = 0;

	cost.raw = 4 * MB;
	cost.compress_ns = cost.pack_cpu_ns;
	for (int i = 0; i < 40; i++)
		level = pace_note(p, &cost);
	return level;
}

static void test_pace(void **state)
{
	struct pace p;

	(void)state;
	assert_int_equal(pace_init(&p), 1);
	/* Swift enough, and the disk keeps up: nothing changes. */
	assert_int_equal(settle(&p, (struct pace_cost){ .stored = MB,
							.cpu_ns = 8 * MS,
							.pack_cpu_ns = 4 * MS,
							.write_ns = MS }),
			 1);
	/* The disk is behind: as high as it goes, and not for what does not compress. */
	assert_int_equal(settle(&p, (struct pace_cost){ .stored = 4 * MB,
							.cpu_ns = 8 * MS,
							.pack_cpu_ns = 4 * MS,
							.write_ns = 90 * MS }),
			 1);
	assert_int_equal(settle(&p, (struct pace_cost){ .stored = MB,
							.cpu_ns = 8 * MS,
							.pack_cpu_ns = 4 * MS,
							.write_ns = 90 * MS }),
			 PACE_LEVEL_MAX);
	/* Compression is behind: as low as it goes. */
	assert_int_equal(settle(&p, (struct pace_cost){ .stored = MB,
							.cpu_ns = 40 * MS,
							.pack_cpu_ns = 30 * MS,
							.write_ns = MS }),
			 -2);
	/* Simple content again: back, no further. */
	assert_int_equal(settle(&p, (struct pace_cost){ .stored = MB,
							.cpu_ns = 4 * MS,
							.pack_cpu_ns = MS,
							.write_ns = MS / 2 }),
			 1);
	/* Reading is what takes time: another level would not help. */
	assert_int_equal(settle(&p, (struct pace_cost){ .stored = MB,
							.cpu_ns = 40 * MS,
							.pack_cpu_ns = 10 * MS,
							.write_ns = MS }),
			 1);
}

/* A small chunk says nothing, be it ever so slow. */
static void test_pace_small(void **state)
{
	const struct pace_cost slow = {
		.raw = 1000, .stored = 900, .cpu_ns = MS, .pack_cpu_ns = MS, .compress_ns = MS
	};
	struct pace p;

	(void)state;
	(void)pace_init(&p);
	for (int i = 0; i < 40; i++)
		assert_int_equal(pace_note(&p, &slow), 1);
}

#define PAGES 64

/* Pages of both ways of looking: every other, then a run up to the end. */
static void test_page_runs(void **state)
{
	char *const start = mmap(NULL, PAGES * PAGES_SIZE, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const uint64_t from = (uint64_t)start, end = from + PAGES * PAGES_SIZE;
	struct pages pages;

	(void)state;
	assert_ptr_not_equal(start, MAP_FAILED);
	for (uint64_t i = 1; i < PAGES; i += i < PAGES / 2 - 1 ? 2 : 1)
		start[i * PAGES_SIZE] = 1;
	pages_init(&pages);
	for (int each = 0; each < 2; each++) {
		uint64_t run = 0, stop = from;

		pages.no_scan |= each;
		for (uint64_t i = 1; i < PAGES / 2; i += 2) {
			assert_true(pages_find_run(&pages, stop, end, &run, &stop));
			assert_int_equal(run, from + i * PAGES_SIZE);
			if (i < PAGES / 2 - 1)
				assert_int_equal(stop, run + PAGES_SIZE);
		}
		assert_int_equal(stop, end);
		assert_false(pages_find_run(&pages, from, from + PAGES_SIZE, &run, &stop));
		/* What is asked for need not be whole pages. */
		assert_true(pages_find_run(&pages, from + PAGES_SIZE + 8, from + PAGES_SIZE + 16,
					   &run, &stop));
		assert_int_equal(run, from + PAGES_SIZE);
		assert_int_equal(stop, run + PAGES_SIZE);
	}
	(void)close(pages.fd);
	assert_int_equal(munmap(start, PAGES * PAGES_SIZE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copy_to_the_edge),
		cmocka_unit_test(test_copy_word),
		cmocka_unit_test(test_page_runs),
		cmocka_unit_test(test_pace),
		cmocka_unit_test(test_pace_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
