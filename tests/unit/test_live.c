/* SPDX-License-Identifier: MIT */
/*
 * live/: records in the planes, the walk over them, what changes a block and what does not;
 * mappings against a model of pages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <heapcensus/dump_format.h>

#include "live/label.h"
#include "live/live.h"
#include "live/mapped.h"
#include "rt/clock.h"

static struct thread *self;

static int setup(void **state)
{
	(void)state;
	clock_init();
	threads_init();
	self = thread_register();
	return live_planes_init(5) && self ? 0 : -1;
}

static uint64_t next_random(void)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	return x ^= x << 17;
}

static void insert(uint64_t addr, uint64_t size)
{
	live_insert(self, PLANE_MALLOC, addr, size, HC_KIND_MALLOC, 7, 3);
}

static void check_block(uint64_t addr, uint64_t size)
{
	struct live_block b = {0};

	assert_true(live_find(PLANE_MALLOC, addr, &b));
	assert_int_equal(b.size, size);
	assert_int_equal(record_kind(b.a), HC_KIND_MALLOC);
	assert_int_equal(record_stack(b.a), 7);
	assert_int_equal(record_attr(b.a), 3);
	assert_int_equal(record_thread(b.b), self->slot);
}

static void test_halves(void **state)
{
	const uint64_t base = 0x5555aaaa0000;
	struct live_block b = {0};

	(void)state;
	for (uint64_t half = 0; half < 32; half += 16) {
		insert(base + half, 24);
		check_block(base + half, 24);
		assert_false(live_find(PLANE_MALLOC, base + (half ^ 16), &b));
		assert_true(live_forget(self, PLANE_MALLOC, base + half, &b));
		assert_false(live_forget(self, PLANE_MALLOC, base + half, &b));
	}
	assert_false(live_find(PLANE_MALLOC, 1ul << 47, &b));
	assert_false(live_find(PLANE_MALLOC, ~0ul & ~31ul, &b));
}

static void test_sizes(void **state)
{
	static const uint64_t sizes[] = {0, 1, RECORD_SIZE_ESCAPE - 1, RECORD_SIZE_ESCAPE,
					 RECORD_SIZE_ESCAPE + 1, 1ul << 32, (1ul << 46) + 5};
	/* The last granule of a leaf: a large size stands in the next leaf. */
	static const uint64_t places[] = {0x7f0000000010, (0x300ul << PLANE_LEAF_SHIFT) - 32};
	struct live_block b = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		for (size_t k = 0; k < 2; k++) {
			const uint64_t live = self->bytes_allocated - self->bytes_freed;

			insert(places[k], sizes[i]);
			check_block(places[k], sizes[i]);
			assert_int_equal(self->bytes_allocated - self->bytes_freed,
					 live + sizes[i]);
			assert_true(live_forget(self, PLANE_MALLOC, places[k], &b));
			assert_int_equal(self->bytes_allocated - self->bytes_freed, live);
		}
	}
}

/* Small and larger blocks come and go at the same places: what one left behind is not taken for the
 * other's. */
static void test_small_and_large(void **state)
{
	enum { NR = 64, NR_CHANGES = 100000 };
	static uint64_t sizes[NR], births[NR];
	const uint64_t base = 0x7e0000000000;
	struct live_block b = {0};
	struct plane_cursor c;

	(void)state;
	for (int n = 0; n < NR_CHANGES; n++) {
		const uint32_t i = (uint32_t)(next_random() >> 20) % NR;
		const uint64_t addr = base + i * 32;

		if (births[i]) {
			assert_true(live_find(PLANE_MALLOC, addr, &b));
			assert_true(b.b == births[i]);
			assert_int_equal(b.size, sizes[i]);
			assert_true(live_forget_hot(self, addr) ||
				    live_forget(self, PLANE_MALLOC, addr, &b));
			births[i] = 0;
			continue;
		}
		if (i && births[i - 1] && sizes[i - 1] > 40)
			continue;	/* a block of 41 bytes or more covers two granules */
		const bool large = i + 1 < NR && !births[i + 1];

		self->seq += next_random() % 0x100000;
		sizes[i] = large && n % 2 ? 41 + (uint64_t)n % 16 : (uint64_t)n % 25;
		live_notice_time(self);
		if (n % 5 == 0 || !live_insert_hot(self, addr, sizes[i], HC_KIND_MALLOC, 7))
			live_insert(self, PLANE_MALLOC, addr, sizes[i], HC_KIND_MALLOC, 7, 0);
		assert_true(live_find(PLANE_MALLOC, addr, &b));
		births[i] = b.b;
	}
	plane_cursor_init(&c, &live_planes[PLANE_MALLOC]);
	c.next = base;
	for (uint32_t i = 0; i < NR; i++) {
		if (!births[i])
			continue;
		assert_true(plane_cursor_next(&c));
		assert_true(c.addr == base + i * 32);
		assert_true(c.record.b == births[i]);
		assert_int_equal(c.size, sizes[i]);
		assert_true(live_forget(self, PLANE_MALLOC, c.addr, &b));
	}
}

/* The smallest blocks, of every kind, with attr and without, which change both: more than the lower
 * half of a brief word's number can tell. */
static void test_small(void **state)
{
	enum { NR = 20000, NR_CHANGES = 200000 };
	static struct {
		uint64_t birth;
		uint32_t size, kind, attr, stack;
		bool labelled;
	} blocks[NR];
	const uint64_t base = 0x7d0000000000;
	struct live_block b = { 0 };

	(void)state;
	for (int n = 0; n < NR_CHANGES; n++) {
		const uint64_t r = next_random() >> 16;
		const uint32_t i = (uint32_t)(r % NR);
		const uint64_t addr = base + i * 32 + i % 2 * 16;

		if (!blocks[i].birth) {
			blocks[i].size = r >> 20 & 15;
			blocks[i].kind = 1 + (uint32_t)(r >> 24) % HC_KIND_PYTHON;
			blocks[i].attr = r >> 28 & 3 ? 0 : RECORD_ATTR_MAX;
			blocks[i].stack = r >> 8 & RECORD_STACK_MAX;
			blocks[i].labelled = false;
			self->attr = blocks[i].attr;
			live_notice_time(self);
			if (!live_insert_hot(self, addr, blocks[i].size, blocks[i].kind,
					     blocks[i].stack))
				live_insert(self, PLANE_MALLOC, addr, blocks[i].size,
					    blocks[i].kind, blocks[i].stack, blocks[i].attr);
			self->attr = 0;
			assert_true(live_find(PLANE_MALLOC, addr, &b));
			blocks[i].birth = b.b;
		} else if (r >> 20 & 1) {
			if (r >> 21 & 1) {
				blocks[i].attr = r >> 22 & 1 ? 5 : 0;
				blocks[i].kind = 1 + (uint32_t)(r >> 24) % HC_KIND_PYTHON;
				assert_true(live_change(PLANE_MALLOC, addr, blocks[i].kind,
							blocks[i].stack, blocks[i].attr));
			} else {
				blocks[i].labelled = !blocks[i].labelled;
				assert_true(live_set_labelled(PLANE_MALLOC, addr,
							      blocks[i].labelled));
			}
		} else {
			assert_false(live_find(PLANE_MALLOC, addr ^ 16, &b));
			if (!live_forget_hot(self, addr))
				assert_true(live_forget(self, PLANE_MALLOC, addr, &b));
			assert_false(live_find(PLANE_MALLOC, addr, &b));
			blocks[i].birth = 0;
			continue;
		}
		assert_true(live_find(PLANE_MALLOC, addr, &b));
		assert_true(b.b == blocks[i].birth);
		assert_int_equal(b.size, blocks[i].size);
		assert_int_equal(record_kind(b.a), blocks[i].kind);
		assert_int_equal(record_attr(b.a), blocks[i].attr);
		assert_int_equal(record_stack(b.a), blocks[i].stack);
		assert_int_equal(!!(record_flags(b.a) & RECORD_LABELLED), blocks[i].labelled);
	}
	for (uint32_t i = 0; i < NR; i++)
		if (blocks[i].birth)
			assert_true(live_forget(self, PLANE_MALLOC, base + i * 32 + i % 2 * 16,
						&b));
}

/* What realloc does: in place the birth stays, and so does all but the size. */
static void test_restore(void **state)
{
	const uint64_t addr = 0x7f1234567890, live = self->bytes_allocated - self->bytes_freed;
	struct live_block was = {0}, now = {0};

	(void)state;
	insert(addr, 100);
	assert_true(live_forget(self, PLANE_MALLOC, addr, &was));
	live_restore(self, PLANE_MALLOC, addr, 5u << 20, &was);
	check_block(addr, 5u << 20);
	assert_true(live_find(PLANE_MALLOC, addr, &now));
	assert_true(now.b == was.b);
	assert_int_equal(self->bytes_allocated - self->bytes_freed, live + (5u << 20));
	assert_true(live_change(PLANE_MALLOC, addr, HC_KIND_NEW, 9, 4));
	assert_true(live_set_labelled(PLANE_MALLOC, addr, true));
	assert_true(live_forget(self, PLANE_MALLOC, addr, &now));
	assert_int_equal(record_kind(now.a), HC_KIND_NEW);
	assert_int_equal(record_stack(now.a), 9);
	assert_int_equal(record_attr(now.a), 4);
	assert_int_equal(record_flags(now.a) & RECORD_LABELLED, RECORD_LABELLED);
	assert_int_equal(now.size, 5u << 20);
	assert_false(live_change(PLANE_MALLOC, addr, HC_KIND_NEW, 9, 4));
}

/* The end of a watched block is told, those of others are not. */
static void test_watched(void **state)
{
	const uint64_t watched = 0x10000040, other = 0x10000080;
	const uint32_t nr = live_nr_dropped;
	struct live_block was = {0};
	uint64_t birth = 0;

	(void)state;
	assert_false(live_watch(watched, &birth));
	insert(watched, 64);
	insert(other, 64);
	assert_true(live_watch(watched, &birth) && live_watch(watched, &birth));
	check_block(watched, 64);
	assert_true(live_forget_hot(self, other));
	assert_int_equal(live_nr_dropped, nr);
	assert_false(live_forget_hot(self, watched));
	assert_true(live_forget(self, PLANE_MALLOC, watched, &was));
	assert_int_equal(was.b, birth);
	live_forget_label(PLANE_MALLOC, watched, &was);
	assert_int_equal(live_nr_dropped, nr + 1);
	insert(watched, 64);
	assert_true(live_find(PLANE_MALLOC, watched, &was));
	assert_int_not_equal(was.b, birth);
	assert_true(live_forget_hot(self, watched));
}

static void test_births_differ(void **state)
{
	struct live_block a = {0}, b = {0};

	(void)state;
	insert(0x1000, 8);
	live_forget(self, PLANE_MALLOC, 0x1000, &a);
	insert(0x1000, 8);
	live_forget(self, PLANE_MALLOC, 0x1000, &b);
	assert_true(a.b != b.b);
	assert_true(record_tick(a.b) <= record_tick(b.b));
}

static uint64_t told_ns, told_second;

static int tell_clock(clockid_t clock, struct timespec *t)
{
	(void)clock;
	*t = (struct timespec){ .tv_sec = (time_t)(told_ns / 1000000000),
				.tv_nsec = (long)(told_ns % 1000000000) };
	return 0;
}

static time_t tell_second(time_t *t)
{
	(void)t;
	return (time_t)(told_ns / 1000000000);
}

static time_t tell_no_second(time_t *t)
{
	(void)t;
	return (time_t)CLOCK_NO_SECOND;
}

static uint64_t tick_of_birth(void)
{
	struct live_block b = { 0 };

	live_notice_time(self);
	if (!live_insert_hot(self, 0x1000, 64, HC_KIND_MALLOC, 7))
		insert(0x1000, 64);
	assert_true(live_forget(self, PLANE_MALLOC, 0x1000, &b));
	return record_tick(b.b);
}

/* However seldom a thread gives birth: never late, early by less than a second. */
static void test_births_in_time(void **state)
{
	const struct clock_state real = rt_clock;

	(void)state;
	told_ns = 1000000000ull * 1000;
	rt_clock = (struct clock_state){ .gettime = tell_clock,
					 .time = tell_second,
					 .second = &told_second,
					 .start_monotonic_ns = told_ns };
	for (int i = 0; i < 20000; i++) {
		told_ns += next_random() % (i % 2 ? 3000000 : 800000000);
		if (i < 10000)
			told_second = told_ns / 1000000000;
		if (i == 10000) { /* that it stands still is noticed */
			told_ns += 1000000000;
			for (int birth = 0; birth < LIVE_CLOCK_EVERY; birth++)
				tick_of_birth();
		}
		const uint64_t tick = tick_of_birth(), now = clock_tick();
		const uint64_t second_ago = told_ns - rt_clock.start_monotonic_ns < 1000000000
						    ? 0
						    : (told_ns - rt_clock.start_monotonic_ns -
						       1000000000) >> CLOCK_TICK_SHIFT;

		assert_true(tick <= now && tick >= second_ago);
	}
	assert_int_equal(*rt_clock.second, CLOCK_NO_SECOND);
	rt_clock.time = tell_no_second;
	for (int i = 0; i < 1000; i++) {
		told_ns += next_random() % 100000000;
		assert_int_equal(tick_of_birth(), clock_tick());
	}
	rt_clock = real;
}

/* Pool objects, in the smallest granules, over several leaves: the walk sees each once, in order.
 */
static void test_walk(void **state)
{
	enum { NR = 2000 };
	uint64_t sum = 0, walked = 0, nr = 0, before = 0;
	struct plane_cursor c;
	struct live_block b = {0};

	(void)state;
	for (int i = 0; i < NR; i++) {
		const uint64_t addr = 0x40000000 + next_random() % (1ul << 28) * 4;

		if (live_find(PLANE_POOL, addr, &b) || live_find(PLANE_POOL, addr ^ 4, &b))
			continue;
		live_insert(self, PLANE_POOL, addr, 4, HC_KIND_POOL, 0, 0);
		sum += addr;
		nr++;
	}
	plane_cursor_init(&c, &live_planes[PLANE_POOL]);
	while (plane_cursor_next(&c)) {
		assert_true(c.addr > before);
		before = c.addr;
		walked += c.addr;
		assert_int_equal(c.size, 4);
		assert_true(live_forget(self, PLANE_POOL, c.addr, &b));
		nr--;
	}
	assert_int_equal(nr, 0);
	assert_true(walked == sum);
}

/* ---- mappings ---- */

#define MODEL_BASE (0x7fff00000000ul - 300 * 4096)	/* over the end of a leaf */
#define MODEL_PAGES 2000

/* Which mapping each page belongs to (0: none) and where that began to be: its birth. */
static struct model_page {
	uint64_t birth;
	uint32_t first;		/* page at which its block starts */
} model[MODEL_PAGES];

static uint64_t page_addr(uint32_t page) { return MODEL_BASE + page * 4096ul; }

static void model_clear(uint32_t page, uint32_t nr)
{
	const uint32_t end = page + nr;
	const struct model_page after = end < MODEL_PAGES ? model[end] : (struct model_page){0};

	memset(&model[page], 0, nr * sizeof(model[0]));
	/* The rest behind is a block from here on. */
	for (uint32_t i = end; i < MODEL_PAGES && after.birth && model[i].birth == after.birth &&
			       model[i].first == after.first && after.first < end; i++)
		model[i].first = end;
}

static void model_set(uint32_t page, uint32_t nr, uint64_t birth)
{
	for (uint32_t i = page; i < page + nr; i++)
		model[i] = (struct model_page){birth, page};
}

static void check_model(void)
{
	struct plane_cursor c;
	uint32_t page = 0;

	plane_cursor_init(&c, &live_planes[PLANE_MMAP]);
	for (;;) {
		uint32_t end;

		while (page < MODEL_PAGES && !model[page].birth)
			page++;
		if (page == MODEL_PAGES)
			break;
		for (end = page; end < MODEL_PAGES && model[end].birth == model[page].birth &&
				 model[end].first == page;
		     end++)
			;
		assert_true(plane_cursor_next(&c));
		assert_true(c.addr == page_addr(page));
		assert_int_equal(c.size, (end - page) * 4096ul);
		assert_true(c.record.b == model[page].birth);
		page = end;
	}
	assert_false(plane_cursor_next(&c));
}

static uint64_t birth_at(uint64_t addr)
{
	struct live_block b = {0};

	assert_true(live_find(PLANE_MMAP, addr, &b));
	return b.b;
}

static void map_pages(uint32_t page, uint32_t nr)
{
	mapped_remove(self, page_addr(page), nr * 4096ul);
	model_clear(page, nr);
	mapped_insert(self, page_addr(page), nr * 4096ul, HC_KIND_MMAP, 0);
	model_set(page, nr, birth_at(page_addr(page)));
}

/* mremap works on pages of one mapping only. */
static void move_pages(uint32_t from, uint32_t nr, uint32_t to, uint32_t to_nr)
{
	const struct model_page was = model[from];

	for (uint32_t i = from; i < from + nr; i++)
		if (model[i].birth != was.birth || model[i].first != was.first)
			return;
	if (from < to + to_nr && to < from + nr && to != from)
		return;	/* the kernel refuses overlap */
	if (to == from && to_nr > nr)
		return;
	mapped_move(self, page_addr(from), nr * 4096ul, page_addr(to), to_nr * 4096ul, false);
	model_clear(from, nr);
	model_clear(to, to_nr);
	if (was.birth)
		model_set(to, to_nr, was.birth);
}

static void test_mappings(void **state)
{
	(void)state;
	mapped_lock();
	for (int i = 0; i < 3000; i++) {
		const uint64_t r = next_random();
		const uint32_t nr = 1 + (r >> 8) % 300, page = (r >> 20) % (MODEL_PAGES - nr);
		const uint32_t to_nr = 1 + (r >> 40) % 300, to = (r >> 30) % (MODEL_PAGES - to_nr);

		switch (r % 4) {
		case 0:
		case 1:
			map_pages(page, nr);
			break;
		case 2:
			mapped_remove(self, page_addr(page), nr * 4096ul);
			model_clear(page, nr);
			break;
		default:
			move_pages(page, 1 + nr % 4, r >> 50 & 1 ? to : page, 1 + to_nr % 4);
		}
		if (i % 50 == 0)
			check_model();
	}
	check_model();
	mapped_remove(self, MODEL_BASE, MODEL_PAGES * 4096ul);
	memset(model, 0, sizeof(model));
	check_model();
	mapped_unlock();
}

static void test_mapping_labels(void **state)
{
	const uint64_t addr = 0x600000000000, to = 0x610000000000;
	struct live_block b = {0};

	(void)state;
	mapped_lock();
	mapped_insert(self, addr, 10 * 4096, HC_KIND_MMAP, 0);
	assert_true(label_set(PLANE_MMAP, addr, "cache") &&
		    live_set_labelled(PLANE_MMAP, addr, true));
	mapped_move(self, addr, 10 * 4096, to, 20 * 4096, false);
	assert_null(label_find(PLANE_MMAP, addr));
	assert_string_equal(label_find(PLANE_MMAP, to), "cache");
	mapped_remove(self, to + 4096, 4096);	/* a hole: the front keeps the label */
	assert_true(live_find(PLANE_MMAP, to, &b) && b.size == 4096 &&
		    record_flags(b.a) & RECORD_LABELLED);
	assert_true(live_find(PLANE_MMAP, to + 8192, &b) && !(record_flags(b.a) & RECORD_LABELLED));
	assert_int_equal(b.size, 18 * 4096);
	mapped_remove(self, to, 20 * 4096);
	assert_null(label_find(PLANE_MMAP, to));
	mapped_unlock();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_halves),
		cmocka_unit_test(test_sizes), cmocka_unit_test(test_small_and_large),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_restore),
		cmocka_unit_test(test_watched),
		cmocka_unit_test(test_births_differ),
		cmocka_unit_test(test_births_in_time),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_mappings),
		cmocka_unit_test(test_mapping_labels),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
