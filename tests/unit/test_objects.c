/* SPDX-License-Identifier: MIT */
/*
 * live/objects: Python's small objects in pools that this test makes as pymalloc does, for both
 * sizes of pool, against a model.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <heapcensus/dump_format.h>

#include "live/label.h"
#include "live/objects.h"
#include "rt/clock.h"

#define ARENA_SIZE (1ul << 20)
#define NR_CHANGES 200000

static struct thread *self;
static uint32_t pool_shift = 14;

static int setup(void **state)
{
	(void)state;
	clock_init();
	threads_init();
	self = thread_register();
	return live_planes_init(5) && self ? 0 : -1;
}

static uint32_t next_random(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 32);
}

static char *arenas[8]; /* what make_arena made, to the end: the table remembers them */
static size_t nr_arenas;

static int free_arenas(void **state)
{
	(void)state;
	while (nr_arenas)
		free(arenas[--nr_arenas]);
	return 0;
}

/* An arena; where it starts in the middle of a pool, that pool is none. */
static uint64_t make_arena(uint64_t offset)
{
	char *const p = aligned_alloc(1ul << pool_shift, ARENA_SIZE + (1ul << pool_shift));

	assert_non_null(p);
	assert_true(nr_arenas < sizeof(arenas) / sizeof(arenas[0]));
	arenas[nr_arenas++] = p;
	memset(p, 0, ARENA_SIZE + (1ul << pool_shift));
	assert_true(objects_add_arena((uint64_t)p + offset, ARENA_SIZE, pool_shift));
	return (uint64_t)p;
}

static void set_class(uint64_t pool, uint32_t block_size)
{
	const uint32_t index = block_size / 16 - 1;

	memcpy((char *)pool + OBJECT_POOL_CLASS_AT, &index, sizeof(index));
}

static uint64_t block_at(uint64_t pool, uint32_t block_size, uint32_t i)
{
	return pool + OBJECT_POOL_HEADER + i * block_size;
}

static void check_block(uint64_t addr, uint64_t size, uint32_t stack, uint64_t b)
{
	struct live_block found = {0};

	assert_true(object_find(addr, &found));
	assert_int_equal(found.size, size);
	assert_int_equal(record_kind(found.a), HC_KIND_PYTHON);
	assert_int_equal(record_stack(found.a), stack);
	assert_int_equal(record_attr(found.a), 0);
	assert_true(found.b == b);
}

static void test_classes(void **state)
{
	const uint64_t pool = make_arena(0);
	struct live_block was = {0};

	(void)state;
	for (uint32_t size = 16; size <= OBJECT_SIZE_MAX; size += 16) {
		const uint32_t nr = ((1u << pool_shift) - OBJECT_POOL_HEADER) / size;

		set_class(pool, size);
		for (uint32_t i = 0; i < nr; i++) {
			const uint64_t addr = block_at(pool, size, i), seq = self->seq;

			assert_true(object_insert(self, addr, size - i % 16, RECORD_STACK_MAX - i));
			check_block(addr, size - i % 16, RECORD_STACK_MAX - i,
				    record_pack_b(self->last_tick, self->slot, seq));
			assert_false(object_find(addr + 8, &was));
			assert_false(object_find(addr - 16, &was) && size > 16);
		}
		/* The next class comes when all of them have been freed. */
		for (uint32_t i = 0; i < nr; i++) {
			assert_true(object_forget_hot(self, block_at(pool, size, i)));
			assert_false(object_forget_hot(self, block_at(pool, size, i)));
			assert_false(object_forget(self, block_at(pool, size, i), &was));
		}
	}
	assert_int_equal(self->bytes_allocated, self->bytes_freed);
}

static void test_not_for_this_table(void **state)
{
	const uint64_t pool = make_arena(0), end = pool + ARENA_SIZE;
	struct live_block was = {0};

	(void)state;
	set_class(pool, 256);
	assert_false(object_insert(self, block_at(pool, 256, 1), 257, 0));
	assert_false(object_insert(self, block_at(pool, 256, 1), 256 - OBJECT_SLACK_MAX - 1, 0));
	assert_true(object_insert(self, block_at(pool, 256, 1), 256 - OBJECT_SLACK_MAX, 0));
	assert_false(object_insert(self, block_at(pool, 256, 1) + 16, 250, 0));
	assert_false(object_insert(self, pool + 16, 250, 0));
	assert_false(object_insert(self, block_at(pool, 256, 200000 / 256), 100000, 0));
	assert_false(object_insert(self, end + OBJECT_POOL_HEADER, 16, 0));
	assert_false(object_insert(self, 1ul << 47, 16, 0));
	assert_false(object_find(~0ul - 15, &was));
	memset((char *)pool + OBJECT_POOL_CLASS_AT, 0xff, 4);
	assert_false(object_insert(self, block_at(pool, 256, 2), 256, 0));
	set_class(pool, 256);
	self->attr = 1;
	assert_false(object_insert(self, block_at(pool, 256, 2), 256, 0));
	self->attr = 0;
	assert_true(object_insert(self, block_at(pool, 256, 2), 256, 0));
	objects_remove_arena(pool, ARENA_SIZE);
	assert_false(object_find(block_at(pool, 256, 2), &was));
	assert_false(object_insert(self, block_at(pool, 256, 2), 256, 0));
}

/* An arena need not start with a pool. */
static void test_crooked_arena(void **state)
{
	const uint64_t step = 1ul << pool_shift, start = make_arena(4096 / 2);

	(void)state;
	set_class(start, 32);
	set_class(start + step, 32);
	set_class(start + ARENA_SIZE, 32);
	assert_false(object_insert(self, block_at(start, 32, 100), 32, 0));
	assert_true(object_insert(self, block_at(start + step, 32, 100), 32, 0));
	assert_false(object_insert(self, block_at(start + ARENA_SIZE, 32, 0), 32, 0));
	objects_remove_arena(start + 4096 / 2, ARENA_SIZE);
}

/* A tagged object has a full record, and its label comes along. */
static void test_tagged(void **state)
{
	const uint64_t pool = make_arena(0), addr = block_at(pool, 48, 3);
	enum plane_id plane = NR_PLANES;
	struct live_block was = {0}, now = {0};

	(void)state;
	set_class(pool, 48);
	assert_true(object_insert(self, addr, 40, 9));
	assert_true(live_find_any(addr, &plane, &was));
	assert_int_equal(plane, PLANE_OBJECT);
	assert_true(label_set(plane, addr, "the one") && live_set_labelled(plane, addr, true));
	assert_false(object_forget_hot(self, addr));
	assert_true(live_change(plane, addr, HC_KIND_PYTHON, 9, 5));
	assert_true(live_find_any(addr, &plane, &now));
	assert_int_equal(plane, PLANE_PYTHON);
	assert_true(now.b == was.b);
	assert_int_equal(now.size, 40);
	assert_int_equal(record_attr(now.a), 5);
	assert_int_equal(record_flags(now.a), RECORD_LABELLED);
	assert_string_equal(label_find(plane, addr), "the one");
	assert_true(live_forget(self, plane, addr, &was));
	live_forget_label(plane, addr, &was);
	assert_null(label_find(PLANE_OBJECT, addr));
}

/* What realloc does: all but the size stays; what does not fit any more goes to the other table. */
static void test_restore(void **state)
{
	const uint64_t pool = make_arena(0), addr = block_at(pool, 512, 2);
	struct live_block was = {0}, now = {0};

	(void)state;
	set_class(pool, 512);
	assert_true(object_insert(self, addr, 512, 9));
	assert_true(object_forget(self, addr, &was));
	live_restore(self, PLANE_OBJECT, addr, 400, &was);
	check_block(addr, 400, 9, was.b);
	assert_true(object_forget(self, addr, &was));
	live_restore(self, PLANE_OBJECT, addr, 100, &was);
	assert_false(object_find(addr, &now));
	assert_true(live_find(PLANE_PYTHON, addr, &now));
	assert_int_equal(now.size, 100);
	assert_true(now.b == was.b);
	assert_true(live_forget(self, PLANE_PYTHON, addr, &now));
}

/* Pools of random classes that change when they are empty: the walk sees what the model has, in
 * order. */
static void test_walk(void **state)
{
	enum { NR_POOLS = 16, NR_MAX = 1 << 10 };
	static bool alive[NR_POOLS][NR_MAX];
	uint32_t nr[NR_POOLS] = {0}, sizes[NR_POOLS] = {0};
	const uint64_t start = make_arena(0);
	struct plane_cursor c;

	(void)state;
	for (int n = 0; n < NR_CHANGES; n++) {
		const uint32_t p = next_random() % NR_POOLS;
		const uint64_t pool = start + ((uint64_t)p << pool_shift);

		if (!nr[p]) {
			sizes[p] = 16 * (1 + next_random() % 32);
			set_class(pool, sizes[p]);
		}
		const uint32_t i =
			next_random() % (((1u << pool_shift) - OBJECT_POOL_HEADER) / sizes[p]);
		const uint64_t addr = block_at(pool, sizes[p], i);

		if (alive[p][i])
			assert_true(object_forget_hot(self, addr));
		else
			assert_true(object_insert(self, addr, sizes[p] - 3, p));
		nr[p] += alive[p][i] ? -1u : 1u;
		alive[p][i] = !alive[p][i];
	}
	plane_cursor_init(&c, &live_planes[PLANE_OBJECT]);
	for (uint32_t p = 0; p < NR_POOLS; p++) {
		for (uint32_t i = 0; i < NR_MAX; i++) {
			if (!alive[p][i])
				continue;
			assert_true(plane_cursor_next(&c));
			assert_true(c.addr ==
				    block_at(start + ((uint64_t)p << pool_shift), sizes[p], i));
			assert_int_equal(c.size, sizes[p] - 3);
			assert_int_equal(record_stack(c.record.a), p);
			assert_int_equal(record_kind(c.record.a), HC_KIND_PYTHON);
		}
	}
	objects_remove_arena(start, ARENA_SIZE);
	plane_cursor_init(&c, &live_planes[PLANE_OBJECT]);
	assert_false(plane_cursor_next(&c));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),	      cmocka_unit_test(test_not_for_this_table),
		cmocka_unit_test(test_crooked_arena), cmocka_unit_test(test_tagged),
		cmocka_unit_test(test_restore),	      cmocka_unit_test(test_walk),
	};

	/* One process has pools of one size. */
	const pid_t child = fork();
	int status = 0;

	if (child == 0)
		pool_shift = 12;
	else if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		return 1;
	return cmocka_run_group_tests(tests, setup, free_arenas);
}
