/* SPDX-License-Identifier: MIT */
/*
 * rt/private: the private jemalloc under many threads, across fork, and the list of its mappings;
 * rt/bump.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rt/bump.h"
#include "rt/count.h"
#include "rt/private.h"

static void test_basics(void **state)
{
	const uint64_t before = private_bytes();
	char *p = private_malloc(1), *q = private_calloc(100, 100), *m = private_memalign(4096, 10);
	int on_stack;

	(void)state;
	assert_non_null(p);
	assert_int_equal((uintptr_t)p % 16, 0);
	assert_int_equal((uintptr_t)m % 4096, 0);
	assert_true(private_contains(p) && private_contains(q + 9999) && private_contains(m));
	assert_false(private_contains(&on_stack) || private_contains(NULL));
	for (int i = 0; i < 10000; i++)
		assert_int_equal(q[i], 0);
	assert_true(private_usable_size(q) >= 10000);
	assert_true(private_bytes() >= before + 10000);
	q[9999] = 7;
	q = private_realloc(q, 100000);
	assert_int_equal(q[9999], 7);
	errno = 42;
	assert_null(private_malloc(SIZE_MAX / 2 + 10));
	assert_null(private_calloc(SIZE_MAX, 16));
	private_free(p);
	private_free(q);
	private_free(m);
	private_free(NULL);
	assert_int_equal(errno, 42);
	assert_int_equal(private_bytes(), before);
}

/* The first blocks, which jemalloc is not started for, and those that come when there is no room
 * among them: none overlaps another, grown or given back in whatever order. */
static void test_small(void **state)
{
	enum { NR = 300 };
	const uint64_t before = private_bytes();
	unsigned char *blocks[NR];
	size_t sizes[NR];

	(void)state;
	for (size_t i = 0; i < NR; i++) {
		sizes[i] = i * 37 % 500;
		blocks[i] = private_calloc(1, sizes[i]);
		assert_int_equal((uintptr_t)blocks[i] % 16, 0);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(blocks[i][k], 0);
		memset(blocks[i], (int)i, sizes[i]);
	}
	for (size_t i = 0; i < NR; i += 3) {
		blocks[i] = private_realloc(blocks[i], sizes[i] + 700);
		private_free(blocks[i + 1]);
	}
	for (size_t i = 0; i < NR; i++) {
		if (i % 3 == 1)
			continue;
		assert_true(private_usable_size(blocks[i]) >= sizes[i]);
		for (size_t k = 0; k < sizes[i]; k++)
			assert_int_equal(blocks[i][k], (unsigned char)i);
		private_free(blocks[i]);
	}
	assert_int_equal(private_bytes(), before);
}

static bool is_listed(const void *p, size_t size)
{
	static struct private_range ranges[4096];
	const uint32_t nr = private_ranges(ranges, 4096);

	for (uint32_t i = 0; i < nr; i++)
		if (ranges[i].start <= (uint64_t)p && (uint64_t)p + size <= ranges[i].end)
			return true;
	return false;
}

static void test_ranges(void **state)
{
	const uint64_t before = private_reserved_bytes();
	char *pages = private_pages(10000), *small = private_malloc(10);

	(void)state;
	assert_true(is_listed(pages, 10000));
	assert_true(is_listed(small, 10));
	assert_false(private_contains(pages));
	assert_true(private_reserved_bytes() >= before + 12288);
	private_pages_free(pages, 10000);
	assert_false(is_listed(pages, 10000));
	private_free(small);
	assert_int_equal(private_ranges(NULL, 0), private_ranges(NULL, 0));
}

static uint32_t stop;

static void *churn(void *arg)
{
	unsigned int seed = (unsigned int)(uintptr_t)arg;
	char *held[64] = { 0 };

	for (int i = 0;
	     i < 30000 || (arg == (void *)99 && !__atomic_load_n(&stop, __ATOMIC_RELAXED)); i++) {
		const int at = rand_r(&seed) % 64;
		const size_t size = (size_t)(rand_r(&seed) % 3000);

		if (held[at]) {
			assert_int_equal(held[at][0], (char)(at + (uintptr_t)arg));
			private_free(held[at]);
		}
		held[at] = private_malloc(size);
		assert_non_null(held[at]);
		held[at][0] = (char)(at + (uintptr_t)arg);
	}
	for (int i = 0; i < 64; i++)
		private_free(held[i]);
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, churn, (void *)(uintptr_t)i), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
}

static void *one_call(void *arg)
{
	private_free(private_malloc(100));
	return arg;
}

/* jemalloc's list of threads must not keep those that are gone. */
static void test_thread_churn(void **state)
{
	(void)state;
	for (int i = 0; i < 3000; i++) {
		pthread_t t;

		assert_int_equal(pthread_create(&t, NULL, one_call, NULL), 0);
		pthread_join(t, NULL);
	}
}

/* fork while another thread is inside: the child must find the allocator whole. */
static void test_fork(void **state)
{
	pthread_t t;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, churn, (void *)99), 0);
	for (int i = 0; i < 200; i++) {
		pid_t pid;
		int status;

		private_fork_prepare();
		private_free(private_malloc(10)); /* another atfork handler of this thread */
		pid = fork();
		if (pid == 0) {
			private_fork_child();
			alarm(10);
			for (int k = 0; k < 100; k++)
				private_free(private_malloc((size_t)k * 100));
			_exit(0);
		}
		private_fork_parent();
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
}

static volatile uint64_t nr_in_handler, nr_refused;

static void on_alarm(int sig)
{
	char *p = private_malloc(50);

	(void)sig;
	nr_in_handler++;
	if (p)
		private_free(p);
	else
		nr_refused++;
}

/* A handler that comes inside a call gets NULL, one that comes outside gets memory; neither hangs.
 */
static void test_handler(void **state)
{
	const struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	const struct itimerval often = { { 0, 200 }, { 0, 200 } }, never = { { 0, 0 }, { 0, 0 } };

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (nr_in_handler < 500)
		private_free(private_malloc(1000));
	setitimer(ITIMER_REAL, &never, NULL);
	assert_true(nr_refused < nr_in_handler || nr_refused == nr_in_handler);
	assert_non_null(private_malloc(1));
}

static void test_bump(void **state)
{
	struct bump b;
	char *p, *q;

	(void)state;
	bump_init(&b);
	p = bump_alloc(&b, 3);
	q = bump_alloc(&b, 300);
	assert_int_equal((uintptr_t)q % 16, 0);
	assert_ptr_not_equal(p, q);
	memset(q, 1, 300);
	p = bump_alloc(&b, 50 << 20);
	assert_non_null(p);
	assert_true(bump_contains(&b, (uint64_t)p) &&
		    bump_contains(&b, (uint64_t)p + (50 << 20) - 1));
	assert_ptr_equal(bump_alloc(&b, 16), q + 304);
	for (int i = 0; i < 100000; i++)
		assert_non_null(bump_alloc(&b, 100));
	assert_string_equal(bump_strndup(&b, "hello", 4), "hell");
	assert_null(bump_alloc(&b, SIZE_MAX));
	bump_deinit(&b);
	assert_false(bump_contains(&b, (uint64_t)p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_basics),	     cmocka_unit_test(test_small),
		cmocka_unit_test(test_ranges),	     cmocka_unit_test(test_threads),
		cmocka_unit_test(test_thread_churn), cmocka_unit_test(test_fork),
		cmocka_unit_test(test_handler),	     cmocka_unit_test(test_bump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
