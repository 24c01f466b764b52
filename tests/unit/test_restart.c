/* SPDX-License-Identifier: MIT */
/*
 * Restarting interrupted system calls: libc's own calls under a signal handler that chains to
 * nobody, and contexts made by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "rt/clock.h"
#include "rt/sys.h"
#include "snap/restart.h"
#include "snap/signals.h"

static unsigned int nr_signals;	/* that on_signal has seen */

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)info;
	__atomic_fetch_add(&nr_signals, 1, __ATOMIC_RELAXED);
	(void)restart_interrupted(context, signal_bit(sig));
}

static void on_other(int sig) { (void)sig; }

static double now_ms(void) { return (double)clock_monotonic_ns() / 1e6; }

/* Signals for its creator, every 20 ms, until stopped. */
static pthread_t target;
static int stopped;

static void *send_signals(void *arg)
{
	/* At least once, however late this thread gets the processor; then after the call, which is
	 * no harm. */
	do {
		usleep(20000);
		pthread_kill(target, *(int *)arg);
	} while (!__atomic_load_n(&stopped, __ATOMIC_RELAXED));
	return NULL;
}

static int call_poll(int ms) { return poll(NULL, 0, ms); }
static int call_epoll(int ms)
{
	struct epoll_event event;
	const int fd = epoll_create1(0);
	const int got = epoll_wait(fd, &event, 1, ms);

	close(fd);
	return got;
}
static int call_epoll_pwait(int ms)
{
	struct epoll_event event;
	sigset_t none;
	const int fd = epoll_create1(0);

	sigemptyset(&none);
	const int got = epoll_pwait(fd, &event, 1, ms, &none);

	close(fd);
	return got;
}
static int call_pselect(int ms)
{
	const struct timespec t = {0, ms * 1000000};

	return pselect(0, NULL, NULL, NULL, &t, NULL);
}
static int call_nanosleep(int ms)
{
	const struct timespec t = {0, ms * 1000000};

	return nanosleep(&t, NULL);
}
static int call_sigtimedwait(int ms)
{
	const struct timespec t = {0, ms * 1000000};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return sigtimedwait(&set, NULL, &t) == -1 && errno == EAGAIN ? 0 : -1;
}

/* No EINTR, not too early (by the millisecond that marks), not for ever. */
static void test_calls(void **state)
{
	static int (*const calls[])(int) = {call_poll,	  call_epoll,	  call_epoll_pwait,
					    call_pselect, call_nanosleep, call_sigtimedwait};
	const int sig = SIGUSR1, ms = 300;
	pthread_t sender;

	(void)state;
	target = pthread_self();
	assert_int_equal(signal_set_kernel(SIGUSR1, on_signal, SA_RESTART, SIGNAL_ALL), 0);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		const double start = now_ms();

		stopped = 0;
		nr_signals = 0;
		assert_int_equal(pthread_create(&sender, NULL, send_signals, (void *)&sig), 0);
		assert_int_equal(calls[i](ms), 0);
		assert_true(now_ms() - start > ms - 10);
		assert_true(now_ms() - start < 3 * ms + 2000);
		__atomic_store_n(&stopped, 1, __ATOMIC_RELAXED);
		pthread_join(sender, NULL);
		assert_true(nr_signals > 0);
	}
}

/* A handler of the program's that waits to run: the EINTR is its. */
static void test_other_signal(void **state)
{
	ucontext_t uc;
	/* mov $232, %eax (epoll_wait); syscall */
	static const uint8_t code[] __attribute__((aligned(64))) = {0xb8, 232, 0, 0, 0, 0x0f, 0x05};
	const greg_t after = (greg_t)(code + sizeof(code));
	uint64_t old;

	(void)state;
	memset(&uc, 0, sizeof(uc));
	uc.uc_mcontext.gregs[REG_RIP] = after;
	uc.uc_mcontext.gregs[REG_RAX] = -EINTR;
	signal(SIGUSR2, on_other);
	old = signal_block_all();
	raise(SIGUSR2);
	assert_false(restart_interrupted(&uc, 0));
	assert_int_equal(uc.uc_mcontext.gregs[REG_RIP], after);
	assert_true(restart_interrupted(&uc, signal_bit(SIGUSR2)));
	assert_int_equal(uc.uc_mcontext.gregs[REG_RIP], after - 2);
	assert_int_equal(uc.uc_mcontext.gregs[REG_RAX], 232);
	signal_restore(old);
}

static void test_blocked_by(void **state)
{
	const pid_t pid = sys_getpid(), tid = sys_gettid();
	uint64_t mask = signal_bit(SIGUSR2) | signal_bit(SIGRTMAX), old;

	(void)state;
	(void)sys_sigprocmask(SIG_SETMASK, &mask, &old);
	for (int sig = 1; sig <= 64; sig++)
		assert_int_equal(signal_is_blocked_by(pid, tid, sig), (mask >> (sig - 1)) & 1);
	signal_restore(old);
	assert_false(signal_is_blocked_by(pid, tid, SIGUSR2));
	assert_true(signal_is_blocked_by(pid, 1, SIGUSR2));
}

static void check_not_restarted(const uint8_t *code, size_t len, greg_t result)
{
	ucontext_t uc;

	memset(&uc, 0, sizeof(uc));
	uc.uc_mcontext.gregs[REG_RIP] = (greg_t)(code + len);
	uc.uc_mcontext.gregs[REG_RAX] = result;
	assert_false(restart_interrupted(&uc, 0));
	assert_int_equal(uc.uc_mcontext.gregs[REG_RIP], (greg_t)(code + len));
}

static void test_decode(void **state)
{
	static const uint8_t epoll[]
		__attribute__((aligned(64))) = { 0xb8, 232, 0, 0, 0, 0x0f, 0x05 };
	static const uint8_t close_call[]
		__attribute__((aligned(64))) = { 0xb8, 3, 0, 0, 0, 0x0f, 0x05 };
	static const uint8_t connect_call[]
		__attribute__((aligned(64))) = { 0xb8, 42, 0, 0, 0, 0x0f, 0x05 };
	static const uint8_t unknown[]
		__attribute__((aligned(64))) = { 0x89, 0xf8, 0x90, 0x90, 0x90, 0x0f, 0x05 };
	static const uint8_t huge[] __attribute__((aligned(64))) = {0xb8, 232, 0, 0, 1, 0x0f, 0x05};

	(void)state;
	check_not_restarted(epoll, sizeof(epoll), -EAGAIN);
	check_not_restarted(epoll, sizeof(epoll), 1);
	check_not_restarted(close_call, sizeof(close_call), -EINTR);
	check_not_restarted(connect_call, sizeof(connect_call), -EINTR);
	check_not_restarted(unknown, sizeof(unknown), -EINTR);
	check_not_restarted(huge, sizeof(huge), -EINTR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_other_signal),
		cmocka_unit_test(test_blocked_by),
		cmocka_unit_test(test_decode),
	};

	clock_init();
	restart_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
