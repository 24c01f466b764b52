/* SPDX-License-Identifier: MIT */
/*
 * Shadow of heap that is gone is given back, and no record with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <heapcensus/dump_format.h>

#include "live/live.h"
#include "rt/clock.h"
#include "snap/gate.h"
#include "snap/shrink.h"

#define PAGE   4096ul
#define MB     (1ul << 20)
#define HEAP   (16 * MB)
#define COVERS (16 * 1024ul) /* heap that a page of malloc's shadow covers */

static struct thread *self;

static int setup(void **state)
{
	(void)state;
	clock_init();
	threads_init();
	gate_init();
	self = thread_register();
	return live_planes_init(5) && self ? 0 : -1;
}

/* HEAP - COVERS bytes from there on, all of them resident. */
static uint64_t map_heap(void)
{
	char *const p =
		mmap(NULL, HEAP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(p, MAP_FAILED);
	(void)madvise(p, HEAP, MADV_NOHUGEPAGE);
	memset(p, 1, HEAP);
	return ((uint64_t)p + COVERS - 1) & -COVERS;
}

/* Resident pages of shadow of [addr, addr + len). */
static uint64_t count_shadow(enum plane_id plane, uint64_t addr, uint64_t len)
{
	const struct plane *const p = &live_planes[plane];
	const uint64_t covers = plane_page_covers(p);
	uint64_t nr = 0;

	for (uint64_t at = addr; at < addr + len; at += covers) {
		char *const leaf = plane_find_leaf(p, at);
		const uint64_t place = plane_place(at, plane_shift(p));
		const uint64_t size = plane == PLANE_MALLOC ? 8 : 16;
		unsigned char in = 0;

		assert_non_null(leaf);
		assert_int_equal(mincore(leaf + (place * size & -PAGE), PAGE, &in), 0);
		nr += in & 1;
	}
	return nr;
}

static void fill(enum plane_id plane, uint64_t heap, uint64_t size, uint64_t step)
{
	for (uint64_t at = heap; at < heap + HEAP - COVERS; at += step)
		live_insert(self, plane, at, size, HC_KIND_MALLOC, 7, 0);
}

static void empty(enum plane_id plane, uint64_t heap, uint64_t step)
{
	struct live_block was;

	for (uint64_t at = heap; at < heap + HEAP - COVERS; at += step)
		assert_true(live_forget(self, plane, at, &was));
}

static void look(void)
{
	/* A fall; and enough calls for all passes. */
	shrink_look(1000 * MB, 0);
	for (int i = 0; i < 100; i++)
		shrink_look(0, 0);
}

static void check_block(enum plane_id plane, uint64_t addr, uint64_t size)
{
	struct live_block block = {0};

	assert_true(live_find(plane, addr, &block));
	assert_int_equal(block.size, size);
	assert_int_equal(record_stack(block.a), 7);
	assert_int_equal(record_thread(block.b), self->slot);
}

static void check_plane(enum plane_id plane, uint64_t size, uint64_t step)
{
	const uint64_t heap = map_heap(), len = HEAP - COVERS;
	const uint64_t nr = len / plane_page_covers(&live_planes[plane]);

	fill(plane, heap, size, step);
	assert_int_equal(count_shadow(plane, heap, len), nr);
	look();
	assert_int_equal(count_shadow(plane, heap, len), nr);
	empty(plane, heap, step);
	/* The allocator keeps the memory: it will be used again. */
	look();
	assert_int_equal(count_shadow(plane, heap, len), nr);
	assert_int_equal(madvise((void *)heap, len, MADV_DONTNEED), 0);
	look();
	assert_int_equal(count_shadow(plane, heap, len), 0);
	fill(plane, heap, size, step);
	check_block(plane, heap, size);
	check_block(plane, heap + (len / step - 1) * step, size);
	empty(plane, heap, step);
	munmap((void *)heap, HEAP - COVERS);
	look();
	assert_int_equal(count_shadow(plane, heap, len), 0);
}

static void test_malloc_plane(void **state)
{
	(void)state;
	check_plane(PLANE_MALLOC, 100, 128);
	check_plane(PLANE_MALLOC, 20, 32); /* their records are in the store */
}

static void test_python_plane(void **state)
{
	(void)state;
	check_plane(PLANE_PYTHON, 60, 64);
}

/* A record that begins at the end of one page of shadow and goes on in the next, with and without a
 * size of its own; and the first and the last of a page. */
static void test_edges(void **state)
{
	const uint64_t heap = map_heap();
	const uint64_t sizes[] = { 100, 20 * MB };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (uint64_t back = 0; back <= 96; back += 32) {
			const uint64_t addr = heap + 4 * COVERS - back;
			struct live_block was;

			madvise((void *)heap, HEAP - COVERS, MADV_DONTNEED);
			live_insert(self, PLANE_MALLOC, addr, sizes[i], HC_KIND_MALLOC, 7, 0);
			look();
			check_block(PLANE_MALLOC, addr, sizes[i]);
			assert_true(live_forget(self, PLANE_MALLOC, addr, &was));
			look();
			assert_int_equal(count_shadow(PLANE_MALLOC, heap, 8 * COVERS), 0);
		}
	}
	for (uint64_t back = 0; back <= 32; back += 16) {
		const uint64_t addr = heap + 4 * 4096 - back;
		struct live_block was;

		live_insert(self, PLANE_PYTHON, addr, 20 * MB, HC_KIND_PYTHON, 7, 0);
		look();
		check_block(PLANE_PYTHON, addr, 20 * MB);
		assert_true(live_forget(self, PLANE_PYTHON, addr, &was));
	}
	munmap((void *)heap, HEAP - COVERS);
}

/* What is freed between two ticks shows in no fall. */
static void test_unseen_fall(void **state)
{
	const uint64_t heap = map_heap(), len = HEAP - COVERS;

	(void)state;
	look();
	fill(PLANE_MALLOC, heap, 100, 128);
	empty(PLANE_MALLOC, heap, 128);
	munmap((void *)heap, len);
	for (int i = 0; i < 100; i++)
		shrink_look(0, 0);
	assert_int_not_equal(count_shadow(PLANE_MALLOC, heap, len), 0);
	for (int i = 0; i < 100; i++)
		shrink_look(0, len + 100 * MB);
	assert_int_equal(count_shadow(PLANE_MALLOC, heap, len), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_malloc_plane),
		cmocka_unit_test(test_python_plane),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_unseen_fall),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
