/* SPDX-License-Identifier: MIT */
/*
 * stack/unwind against glibc's backtrace(): the same frames; and what a guest must not do: keep
 * descriptors, hang after fork, remember unloaded code, use a thread's cache after its end, crash
 * on code without unwind information.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "live/thread.h"
#include "rt/clock.h"
#include "rt/count.h"
#include "rt/private.h"
#include "stack/depot.h"
#include "stack/trace.h"
#include "stack/unwind.h"

/* Where snap/ is not linked: nothing is ever pending here. */
void trigger_run_pending(struct thread *t);
__attribute__((weak)) void trigger_run_pending(struct thread *t)
{
	(void)t;
}

/* A wrapper as hook/ has them: captures the stack of its caller. */
__attribute__((noinline)) static uint32_t capture(uint64_t *pcs, uint32_t max)
{
	struct thread *t = thread_enter();
	uint32_t node, nr = 0;

	if (!t->depot_memo)
		t->depot_memo = private_calloc(1, sizeof(*t->depot_memo));
	node = unwind_find(t, (uint64_t)__builtin_return_address(0), max);
	for (; node; node = depot_get(node)->parent)
		pcs[nr++] = depot_get(node)->pc;
	thread_leave(t);
	return nr;
}

struct stacks {
	uint64_t ours[UNWIND_DEPTH_MAX];
	uint32_t nr;
	void *theirs[200];
	int nr_theirs;
};

/* Both at the end of `depth` calls of varying frame size. */
__attribute__((noinline)) static int recurse(int depth, struct stacks *s)
{
	volatile char *frame = __builtin_alloca((size_t)(depth % 7 * 16 + 8));

	frame[0] = (char)depth;
	if (depth) {
		const int result = recurse(depth - 1, s);

		return result + frame[0];
	}
	s->nr = capture(s->ours, UNWIND_DEPTH_MAX);
	s->nr_theirs = backtrace(s->theirs, 200);
	return frame[0];
}

/*
 * The innermost frames differ (two call instructions of recurse, and a sanitizer has backtrace() in
 * a frame of its own); all outer ones must be equal.
 */
static void check_stacks(const struct stacks *s)
{
	uint32_t shift = 0, nr;

	while (shift < 3 && s->ours[1] != (uint64_t)s->theirs[1 + shift])
		shift++;
	nr = (uint32_t)s->nr_theirs - shift;
	if (nr <= UNWIND_DEPTH_MAX)
		assert_int_equal(s->nr, nr);
	else
		assert_in_range(s->nr, UNWIND_DEPTH_MAX - UNWIND_DEPTH_MAX / 8, UNWIND_DEPTH_MAX);
	for (uint32_t i = 1; i < s->nr; i++)
		assert_int_equal(s->ours[i], (uint64_t)s->theirs[i + shift]);
}

static void test_like_backtrace(void **state)
{
	struct stacks s;

	(void)state;
	for (int depth = 0; depth < 100; depth++) {
		(void)recurse(depth, &s);
		check_stacks(&s);
	}
	(void)recurse(150, &s); /* cut */
	check_stacks(&s);
}

static void test_depth(void **state)
{
	const uint64_t before = threads_count(COUNT_stacks_truncated);
	uint64_t pcs[4] = { 0 };

	(void)state;
	errno = 42;
	assert_int_equal(capture(pcs, 3), 3);
	assert_int_equal(errno, 42);
	assert_int_equal(pcs[3], 0);
	assert_int_equal(threads_count(COUNT_stacks_truncated), before + 1);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static struct stacks in_callback;

static int compare_and_capture(const void *a, const void *b)
{
	(void)recurse(2, &in_callback);
	return compare(a, b);
}

static void test_through_libc(void **state)
{
	int numbers[] = { 3, 1, 2 };

	(void)state;
	qsort(numbers, 3, sizeof(int), compare_and_capture);
	check_stacks(&in_callback);
}

/* A function without unwind information, and with a frame pointer that leads nowhere. */
__asm__(".text\n"
	".type blind_call,@function\n"
	"blind_call:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	sub $72, %rsp\n"
	"	mov $0x10, %ebp\n"
	"	call *%rdi\n"
	"	add $72, %rsp\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n");
void blind_call(void (*f)(void));

static struct stacks in_blind;

static void called_blindly(void)
{
	in_blind.nr = capture(in_blind.ours, UNWIND_DEPTH_MAX);
}

static void test_no_unwind_info(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		blind_call(called_blindly);
		assert_true(in_blind.nr >= 1 && in_blind.nr < 10);
	}
}

static volatile sig_atomic_t nr_signals;
static struct stacks in_handler;

static void on_signal(int sig)
{
	(void)sig;
	(void)recurse(3, &in_handler);
	nr_signals++;
}

static void test_through_signal(void **state)
{
	(void)state;
	signal(SIGUSR2, on_signal);
	raise(SIGUSR2);
	assert_int_equal(nr_signals, 1);
	check_stacks(&in_handler);
}

static uint32_t stop;

static void *capture_all_the_time(void *arg)
{
	struct stacks s;

	for (int i = 0; i < 2000 || (arg && !__atomic_load_n(&stop, __ATOMIC_RELAXED)); i++) {
		(void)recurse(i % 30, &s);
		if (i % 100 == 0)
			unwind_flush();
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[8];

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, capture_all_the_time, NULL), 0);
	for (int i = 0; i < 8; i++)
		pthread_join(threads[i], NULL);
}

static pthread_key_t late_key;

static void capture_late(void *arg)
{
	struct stacks s;

	(void)recurse(5, &s);
	assert_true(s.nr >= 1);
	if ((uintptr_t)arg < 4)
		pthread_setspecific(late_key, (void *)((uintptr_t)arg + 1));
}

static void *end_with_captures(void *arg)
{
	struct stacks s;

	pthread_setspecific(late_key, (void *)1);
	(void)recurse(5, &s);
	check_stacks(&s);
	return arg;
}

/* Allocations in destructors come after the unwinder's own end of thread; and ended threads leave
 * no memory. */
static void test_thread_ends(void **state)
{
	uint32_t nr_ranges = 0;

	(void)state;
	pthread_key_create(&late_key, capture_late);
	for (int i = 0; i < 300; i++) {
		pthread_t t;

		assert_int_equal(pthread_create(&t, NULL, end_with_captures, NULL), 0);
		pthread_join(t, NULL);
		if (i == 100)
			nr_ranges = private_ranges(NULL, 0);
	}
	assert_true(private_ranges(NULL, 0) < nr_ranges + 10);
}

static void test_fork(void **state)
{
	pthread_t t;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, capture_all_the_time, (void *)1), 0);
	for (int i = 0; i < 100; i++) {
		struct stacks s;
		pid_t pid;
		int status;

		threads_fork_prepare();
		unwind_fork_prepare();
		private_fork_prepare();
		pid = fork();
		if (pid == 0) {
			private_fork_child();
			unwind_fork_child();
			threads_fork_child();
			alarm(10);
			unwind_flush();
			(void)recurse(20, &s);
			_exit(s.nr >= 20 ? 0 : 1);
		}
		private_fork_parent();
		unwind_fork_parent();
		threads_fork_parent();
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
}

static struct stacks in_object;

static void called_by_object(void)
{
	(void)recurse(1, &in_object);
}

/* Two objects with other frames at the same place, loaded in turn. */
static void test_unload(void **state)
{
	const char *paths[] = { getenv("UNWIND_SMALL"), getenv("UNWIND_LARGE") };
	void *places[2] = { NULL, NULL };

	(void)state;
	for (int i = 0; i < 20; i++) {
		void *object = dlopen(paths[i % 2], RTLD_NOW);
		void (*call)(void (*f)(void), int depth);

		assert_non_null(object);
		call = (void (*)(void (*)(void), int))dlsym(object, "unload_call");
		places[i % 2] = (void *)call;
		for (int k = 0; k < 3; k++) {
			call(called_by_object, 5);
			check_stacks(&in_object);
		}
		unwind_flush();
		dlclose(object);
		unwind_flush();
	}
	assert_non_null(places[0]);
}

static int setup(void **state)
{
	const int before = dup(0);

	(void)state;
	close(before);
	clock_init();
	threads_init();
	depot_init();
	if (!unwind_init())
		return -1;
	/* no descriptor is taken: the next one is the same as before */
	if (dup(0) != before)
		return -1;
	unwind_verify();
	return close(before);
}

/* As unwind_find does for a thread that has had no stack yet. */
__attribute__((noinline)) static struct trace *trace_first(void)
{
	struct trace *trace = NULL;
	struct thread *t = thread_enter();
	struct trace_result result;
	struct place at;

	PLACE_HERE(at);
	assert_true(trace_find(&trace, t->depot_memo, t->tid, at,
			       (uint64_t)__builtin_return_address(0), UNWIND_DEPTH_MAX, &result));
	thread_leave(t);
	assert_int_equal(result.end, TRACE_WHOLE);
	return trace;
}

/* A thread that has had few stacks has few pages of what it could remember. */
static void test_small(void **state)
{
	uint64_t pcs[UNWIND_DEPTH_MAX];
	unsigned char pages[100]; /* it has more */
	uint64_t nr_resident = 0;

	(void)state;
	assert_true(capture(pcs, UNWIND_DEPTH_MAX)); /* the thread has a depot memo now */
	struct trace *const trace = trace_first();
	assert_int_equal(mincore(trace, sizeof(pages) * 4096, pages), 0);
	for (uint64_t i = 0; i < sizeof(pages); i++)
		nr_resident += pages[i] & 1;
	assert_true(nr_resident && nr_resident < 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_like_backtrace), cmocka_unit_test(test_depth),
		cmocka_unit_test(test_through_libc),   cmocka_unit_test(test_no_unwind_info),
		cmocka_unit_test(test_through_signal), cmocka_unit_test(test_threads),
		cmocka_unit_test(test_thread_ends),    cmocka_unit_test(test_fork),
		cmocka_unit_test(test_unload),	       cmocka_unit_test(test_small),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
