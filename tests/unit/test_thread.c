/* SPDX-License-Identifier: MIT */
/*
 * live/thread: many threads, one after the other and at once; slots and history; the gate holds
 * whoever comes and lets go of all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <heapcensus/dump_format.h>

#include "live/live.h"
#include "live/thread.h"
#include "rt/clock.h"
#include "rt/count.h"
#include "snap/gate.h"

static int setup(void **state)
{
	(void)state;
	clock_init();
	threads_init();
	gate_init();
	return live_planes_init(5) ? 0 : -1;
}

static uint32_t nr_threads(void)
{
	uint32_t nr = 0;

	for (const struct thread *t = __atomic_load_n(&threads_all, __ATOMIC_ACQUIRE); t;
	     t = t->next)
		nr++;
	return nr;
}

/* Lives for one block. */
static void *short_life(void *arg)
{
	struct thread *const t = thread_enter();

	pthread_setname_np(pthread_self(), "short");
	if (!t)
		return NULL;
	live_insert(t, PLANE_MALLOC, (uint64_t)arg, 16, HC_KIND_MALLOC, 0, 0);
	thread_leave(t);
	return t;
}

/* Every block of a thread that has gone can still be told from those of the thread that has its
 * slot now. */
static void test_churn(void **state)
{
	enum { NR = 20000 };
	struct plane_cursor c;
	uint32_t nr_gone, named = 0;

	(void)state;
	for (uint64_t i = 0; i < NR; i++) {
		pthread_t thread;
		void *t;

		assert_int_equal(
			pthread_create(&thread, NULL, short_life, (void *)(0x10000 + i * 32)), 0);
		pthread_join(thread, &t);
		assert_non_null(t);
	}
	const struct thread_gone *const gone = threads_history(&nr_gone);

	assert_true(nr_threads() < NR);
	assert_int_equal(nr_threads() + nr_gone, NR + (thread_self != NULL));
	assert_int_equal(rt_counts[COUNT_threads_overflow], 0);
	plane_cursor_init(&c, &live_planes[PLANE_MALLOC]);
	for (uint32_t nr = 97; nr <= NR; nr += 97) {
		uint32_t owners = 0;

		for (uint32_t skip = 0; skip < 97; skip++)
			assert_true(plane_cursor_next(&c));
		for (const struct thread *t = threads_all; t; t = t->next)
			owners += t->slot == record_thread(c.record.b) &&
				  t->first_tick <= record_tick(c.record.b);
		for (uint32_t i = 0; i < nr_gone; i++)
			owners += gone[i].slot == record_thread(c.record.b) &&
				  gone[i].first_tick <= record_tick(c.record.b) &&
				  gone[i].last_tick >= record_tick(c.record.b);
		assert_int_equal(owners, 1);
	}
	for (uint32_t i = 0; i < nr_gone; i++)
		named += !strcmp(gone[i].name, "short");
	assert_int_equal(named, nr_gone);
}

#define NR_BUSY 4

static uint32_t stop;
static uint32_t in_critical;	/* threads between enter and leave, as they say themselves */

static void *be_busy(void *arg)
{
	uint64_t entered = 0;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		struct thread *const t = thread_enter();

		if (!t)
			abort();
		__atomic_fetch_add(&in_critical, 1, __ATOMIC_RELAXED);
		if (thread_enter())
			abort();	/* nested: must not be let in */
		__atomic_fetch_sub(&in_critical, 1, __ATOMIC_RELAXED);
		thread_leave(t);
		entered++;
	}
	return (void *)entered;
}

static void run_gate(bool with_fence)
{
	const struct timespec pause = {.tv_nsec = 200000};
	pthread_t threads[NR_BUSY];

	gate.needs_fence = with_fence;
	stop = 0;
	for (int i = 0; i < NR_BUSY; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, be_busy, NULL), 0);
	for (int i = 0; i < 200; i++) {
		nanosleep(&pause, NULL);
		assert_true(gate_close(5000000000));
		assert_false(gate_close(1000));	/* somebody has it */
		for (int k = 0; k < 100; k++)
			assert_int_equal(__atomic_load_n(&in_critical, __ATOMIC_RELAXED), 0);
		gate_open();
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < NR_BUSY; i++) {
		void *entered;

		pthread_join(threads[i], &entered);
		assert_true((uint64_t)entered > 0);
	}
	gate_init();
}

static void test_gate(void **state)
{
	(void)state;
	run_gate(false);
	run_gate(true);
}

static void test_gate_of_a_parent(void **state)
{
	struct thread *t;

	(void)state;
	gate.closed = 1;	/* init's: never ours */
	t = thread_enter();
	assert_non_null(t);
	assert_int_equal(gate.closed, 0);
	thread_leave(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_churn),
		cmocka_unit_test(test_gate),
		cmocka_unit_test(test_gate_of_a_parent),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
