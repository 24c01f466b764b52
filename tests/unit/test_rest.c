/* SPDX-License-Identifier: MIT */
/*
 * Writes that a handler of ours interrupts: nothing of them is lost, and what is the program's to
 * see (its own signals, cancelling, a reader that goes away) it sees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rt/clock.h"
#include "snap/restart.h"
#include "snap/signals.h"

#define LEN (1u << 20)
#define STEP_US 10000

static unsigned int nr_signals;
static unsigned int handler_us;	/* that the handler takes */
static uint8_t *data;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)info;
	__atomic_fetch_add(&nr_signals, 1, __ATOMIC_RELAXED);
	if (handler_us)
		usleep(handler_us);
	(void)restart_interrupted(context, signal_bit(sig));
}

static void on_other(int sig) { (void)sig; }

/* What the other threads do, until stopped. */
struct work {
	pthread_t target;
	int sig;
	int fd;
	size_t max;	/* read at most so much */
	size_t got;
	int wrong, stopped;
};

static void *send_signals(void *arg)
{
	struct work *const w = arg;

	while (!__atomic_load_n(&w->stopped, __ATOMIC_RELAXED)) {
		usleep(STEP_US);
		pthread_kill(w->target, w->sig);
	}
	return NULL;
}

/* Slowly, so that the writer waits most of the time. */
static void *read_slowly(void *arg)
{
	struct work *const w = arg;
	uint8_t some[16384];

	while (w->got < w->max) {
		struct pollfd poll_fd = {.fd = w->fd, .events = POLLIN};

		usleep(STEP_US / 2);
		if (poll(&poll_fd, 1, 1000) <= 0)
			break;
		const ssize_t n = read(w->fd, some, sizeof(some));

		if (n <= 0)
			break;
		w->wrong += memcmp(some, data + w->got, (size_t)n) != 0;
		w->got += (size_t)n;
	}
	return NULL;
}

static ssize_t call_write(int fd) { return write(fd, data, LEN); }
static ssize_t call_send(int fd) { return send(fd, data, LEN, MSG_NOSIGNAL); }

static void make_parts(struct iovec *parts)
{
	parts[0] = (struct iovec){data, 100};
	parts[1] = (struct iovec){NULL, 0};
	parts[2] = (struct iovec){data + 100, LEN / 2};
	parts[3] = (struct iovec){data + 100 + LEN / 2, LEN - LEN / 2 - 100};
}

static ssize_t call_writev(int fd)
{
	struct iovec parts[4];

	make_parts(parts);
	return writev(fd, parts, 4);
}

static ssize_t call_sendmsg(int fd)
{
	struct iovec parts[4];
	const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 4};

	make_parts(parts);
	return sendmsg(fd, &message, 0);
}

static void make_pipe(int fds[2]) { assert_int_equal(pipe(fds), 0); }
static void make_sockets(int fds[2])
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
}

static void set_handler(int sig)
{
	/* Every other signal is blocked while it runs, as in a census. */
	assert_int_equal(signal_set_kernel(sig, on_signal, SA_RESTART | SA_ONSTACK, SIGNAL_ALL), 0);
}

static const struct {
	ssize_t (*call)(int fd);
	void (*make)(int fds[2]);
} ways[] = {
	{call_write, make_pipe},   {call_write, make_sockets}, {call_writev, make_pipe},
	{call_writev, make_sockets}, {call_send, make_sockets},  {call_sendmsg, make_sockets},
};

static void test_whole(void **state)
{
	(void)state;
	set_handler(SIGUSR1);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct work signaller = { .target = pthread_self(), .sig = SIGUSR1 },
			    reader = { .max = LEN };
		pthread_t threads[2];
		int fds[2];

		ways[i].make(fds);
		reader.fd = fds[0];
		nr_signals = 0;
		pthread_create(&threads[0], NULL, read_slowly, &reader);
		pthread_create(&threads[1], NULL, send_signals, &signaller);
		assert_int_equal(ways[i].call(fds[1]), LEN);
		__atomic_store_n(&signaller.stopped, 1, __ATOMIC_RELAXED);
		pthread_join(threads[0], NULL);
		pthread_join(threads[1], NULL);
		assert_int_equal(reader.got, LEN);
		assert_int_equal(reader.wrong, 0);
		assert_true(nr_signals >= 2);
		close(fds[0]);
		close(fds[1]);
	}
}

static void raise_alarm(unsigned int us)
{
	const struct itimerval t = {.it_value = {0, us}};

	setitimer(ITIMER_REAL, &t, NULL);
}

/* The program's alarm cuts it short: what has been written by then, over all the restarts. */
static void test_own_signal(void **state)
{
	struct work signaller = { .target = pthread_self(), .sig = SIGUSR1 },
		    reader = { .max = 100000 };
	pthread_t threads[2];
	ssize_t written;
	int fds[2];

	(void)state;
	set_handler(SIGUSR1);
	assert_int_equal(sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_other}, NULL), 0);
	make_pipe(fds);
	reader.fd = fds[0];
	/* The alarm shall come to this thread. */
	const uint64_t mask = signal_block_all();

	pthread_create(&threads[0], NULL, read_slowly, &reader);
	pthread_create(&threads[1], NULL, send_signals, &signaller);
	signal_restore(mask);
	raise_alarm(400000);
	written = write(fds[1], data, LEN);
	__atomic_store_n(&signaller.stopped, 1, __ATOMIC_RELAXED);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	assert_true(written >= 100000 && written < (ssize_t)LEN);
	/* What it says is what can be read. */
	for (size_t left = (size_t)written - reader.got; left;) {
		uint8_t some[4096];
		const ssize_t n = read(fds[0], some, left < sizeof(some) ? left : sizeof(some));

		assert_true(n > 0);
		left -= (size_t)n;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	assert_int_equal(read(fds[0], &(char){0}, 1), -1);
	close(fds[0]);
	close(fds[1]);
}

/* Ours first; the program's comes while our handler runs.  Where nothing ends the write, the pipe
 * is emptied at last. */
static void *send_both(void *arg)
{
	struct work *const w = arg;
	uint8_t some[16384];

	usleep(10 * STEP_US);
	pthread_kill(w->target, SIGUSR1);
	usleep(2 * STEP_US);
	pthread_kill(w->target, SIGALRM);
	for (int i = 0; i < 300 && !__atomic_load_n(&w->stopped, __ATOMIC_RELAXED); i++)
		usleep(STEP_US);
	while (!__atomic_load_n(&w->stopped, __ATOMIC_RELAXED))
		(void)!read(w->fd, some, sizeof(some));
	return NULL;
}

/* A call that the kernel would make again for our handler's sake ends for a signal that wants no
 * restart. */
static void test_signal_meanwhile(void **state)
{
	struct work sender = {.target = pthread_self()};
	pthread_t thread;
	int fds[2];

	(void)state;
	set_handler(SIGUSR1);
	assert_int_equal(sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_other}, NULL), 0);
	make_pipe(fds);
	sender.fd = fds[0];
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	assert_true(write(fds[1], data, LEN) > 0);
	fcntl(fds[1], F_SETFL, 0);
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	handler_us = 10 * STEP_US;
	pthread_create(&thread, NULL, send_both, &sender);
	const ssize_t written = write(fds[1], data, LEN);
	const int error = errno;

	__atomic_store_n(&sender.stopped, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	handler_us = 0;
	assert_int_equal(written, -1);
	assert_int_equal(error, EINTR);
	close(fds[0]);
	close(fds[1]);
}

static void *write_until_cancelled(void *arg)
{
	const int fd = *(int *)arg;

	pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
	(void)write(fd, data, LEN);
	return NULL;
}

/* Unwinding a thread that writes a rest gets through. */
static void test_cancelled(void **state)
{
	pthread_t thread;
	void *result;
	int fds[2];

	(void)state;
	set_handler(SIGUSR1);
	make_pipe(fds);
	nr_signals = 0;
	pthread_create(&thread, NULL, write_until_cancelled, &fds[1]);
	for (int i = 0; i < 20; i++) {
		usleep(STEP_US);
		pthread_kill(thread, SIGUSR1);
	}
	usleep(STEP_US);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	assert_ptr_equal(result, PTHREAD_CANCELED);
	assert_true(nr_signals >= 2);
	close(fds[0]);
	close(fds[1]);
}

/* The reader of a socket goes: the bytes that it was sent are told, and no SIGPIPE comes. */
static void test_reader_gone(void **state)
{
	struct work signaller = { .target = pthread_self(), .sig = SIGUSR1 },
		    reader = { .max = 200000 };
	pthread_t thread;
	ssize_t written;
	int fds[2];

	(void)state;
	set_handler(SIGUSR1);
	make_sockets(fds);
	reader.fd = fds[0];
	const pid_t child = fork();

	if (child == 0) {
		close(fds[1]);
		(void)read_slowly(&reader);
		_exit(0);
	}
	close(fds[0]);
	pthread_create(&thread, NULL, send_signals, &signaller);
	written = write(fds[1], data, LEN);
	__atomic_store_n(&signaller.stopped, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	assert_true(written >= 200000 && written < (ssize_t)LEN);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_own_signal),
		cmocka_unit_test(test_signal_meanwhile),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_reader_gone),
	};

	data = malloc(LEN);
	for (size_t i = 0; i < LEN; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 13);
	clock_init();
	restart_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
