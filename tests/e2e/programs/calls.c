/* SPDX-License-Identifier: MIT */
/*
 * The table of calls.h.
 */
#include "calls.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static struct timespec timespec_of(int ms)
{
	return (struct timespec){ms / 1000, ms % 1000 * 1000000l};
}

static struct timespec deadline(clockid_t clock, int ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += ms % 1000 * 1000000l;
	if (t.tv_nsec >= 1000000000l) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000l;
	}
	return t;
}

/* A call that ends with 0 after its time. */
static int timed_out(long result)
{
	return result == 0 ? 0 : result < 0 ? errno : -1;
}

/* A call that ends with -1 and an errno of its own. */
static int failed_with(long result, int error)
{
	return result >= 0 ? -1 : errno == error ? 0 : errno;
}

static int run_poll(struct call_place *c, int ms)
{
	struct pollfd fd = {.fd = c->sockets[0], .events = POLLIN};

	return timed_out(poll(&fd, 1, ms));
}

static int run_ppoll(struct call_place *c, int ms)
{
	struct pollfd fd = {.fd = c->sockets[0], .events = POLLIN};
	const struct timespec t = timespec_of(ms);

	return timed_out(ppoll(&fd, 1, &t, NULL));
}

static int run_select(struct call_place *c, int ms)
{
	struct timeval t = {ms / 1000, ms % 1000 * 1000};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(c->sockets[0], &set);
	return timed_out(select(c->sockets[0] + 1, &set, NULL, NULL, &t));
}

static int run_pselect(struct call_place *c, int ms)
{
	const struct timespec t = timespec_of(ms);
	fd_set set;

	FD_ZERO(&set);
	FD_SET(c->sockets[0], &set);
	return timed_out(pselect(c->sockets[0] + 1, &set, NULL, NULL, &t, NULL));
}

static int run_epoll_wait(struct call_place *c, int ms)
{
	struct epoll_event event;

	return timed_out(epoll_wait(c->epoll, &event, 1, ms));
}

static int run_epoll_pwait(struct call_place *c, int ms)
{
	struct epoll_event event;
	sigset_t none;

	sigemptyset(&none);
	sigaddset(&none, SIGCHLD);
	sigaddset(&none, SIGUSR2);
	return timed_out(epoll_pwait(c->epoll, &event, 1, ms, &none));
}

static int run_nanosleep(struct call_place *c, int ms)
{
	const struct timespec t = timespec_of(ms);

	(void)c;
	return timed_out(nanosleep(&t, NULL));
}

static int run_usleep(struct call_place *c, int ms)
{
	(void)c;
	return timed_out(usleep(ms * 1000u));
}

static int run_clock_nanosleep(struct call_place *c, int ms)
{
	const struct timespec t = timespec_of(ms);
	struct timespec left;

	(void)c;
	return clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &left);
}

static int run_clock_nanosleep_absolute(struct call_place *c, int ms)
{
	const struct timespec t = deadline(CLOCK_MONOTONIC, ms);

	(void)c;
	return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static int run_sem_timedwait(struct call_place *c, int ms)
{
	const struct timespec t = deadline(CLOCK_REALTIME, ms);
	sem_t sem;

	(void)c;
	sem_init(&sem, 0, 0);
	return failed_with(sem_timedwait(&sem, &t), ETIMEDOUT);
}

static int run_semtimedop(struct call_place *c, int ms)
{
	static __thread int id = -1;
	struct sembuf take = {.sem_num = 0, .sem_op = -1, .sem_flg = 0};
	const struct timespec t = timespec_of(ms);

	(void)c;
	if (id < 0) {
		const int made = semget(IPC_PRIVATE, 1, 0600);

		if (made < 0)
			return errno;
		id = made;
	}
	const int error = failed_with(semtimedop(id, &take, 1, &t), EAGAIN);

	semctl(id, 0, IPC_RMID);
	id = -1;
	return error;
}

static int run_sigtimedwait(struct call_place *c, int ms)
{
	const struct timespec t = timespec_of(ms);
	sigset_t set;

	(void)c;
	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	return failed_with(sigtimedwait(&set, NULL, &t), EAGAIN);
}

static int run_recv(struct call_place *c, int ms)
{
	const struct timeval t = {ms / 1000, ms % 1000 * 1000};
	char byte;

	setsockopt(c->sockets[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	return failed_with(recv(c->sockets[0], &byte, 1, 0), EAGAIN);
}

static int run_accept(struct call_place *c, int ms)
{
	const struct timeval t = {ms / 1000, ms % 1000 * 1000};

	setsockopt(c->listener, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	return failed_with(accept(c->listener, NULL, NULL), EAGAIN);
}

static int run_read(struct call_place *c, int ms)
{
	const struct itimerspec t = {.it_value = timespec_of(ms)};
	uint64_t times = 0;

	timerfd_settime(c->timer, 0, &t, NULL);
	const ssize_t n = read(c->timer, &times, sizeof(times));

	return n == sizeof(times) && times == 1 ? 0 : n < 0 ? errno : -1;
}

/* Waits for SIGUSR2, which a timer sends to this thread again and again after ms. */
static int wait_for_timer(int ms, int (*wait)(const sigset_t *without))
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR2};
	const struct itimerspec t = {.it_value = timespec_of(ms), .it_interval = timespec_of(ms)};
	sigset_t without, old, usr2;
	timer_t timer;

	event._sigev_un._tid = gettid();
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0)
		return errno;
	sigemptyset(&usr2);
	sigaddset(&usr2, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, NULL, &old);
	without = old;
	sigdelset(&without, SIGUSR2);
	timer_settime(timer, 0, &t, NULL);
	const int error = failed_with(wait(&without), EINTR);

	timer_delete(timer);
	pthread_sigmask(SIG_SETMASK, &without, NULL);	/* takes the last one, if it still waits */
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return error;
}

static int wait_sigsuspend(const sigset_t *without)
{
	return sigsuspend(without);
}

static int wait_pause(const sigset_t *without)
{
	pthread_sigmask(SIG_SETMASK, without, NULL);
	return pause();
}

static int run_sigsuspend(struct call_place *c, int ms)
{
	(void)c;
	return wait_for_timer(ms, wait_sigsuspend);
}

static int run_pause(struct call_place *c, int ms)
{
	(void)c;
	return wait_for_timer(ms, wait_pause);
}

const struct call calls[] = {
	{"poll", run_poll, 0},
	{"ppoll", run_ppoll, 0},
	{"select", run_select, 0},
	{"pselect", run_pselect, 0},
	{"epoll_wait", run_epoll_wait, 0},
	{"epoll_pwait", run_epoll_pwait, 0},
	{"nanosleep", run_nanosleep, 0},
	{"usleep", run_usleep, 0},
	{"clock_nanosleep", run_clock_nanosleep, 0},
	{"clock_nanosleep absolute", run_clock_nanosleep_absolute, 0},
	{"sem_timedwait", run_sem_timedwait, 0},
	{"semtimedop", run_semtimedop, 0},
	{"sigtimedwait", run_sigtimedwait, 0},
	{"recv", run_recv, 1},
	{"accept", run_accept, 1},
	{"read", run_read, 0},
	{"sigsuspend", run_sigsuspend, 0},
	{"pause", run_pause, 0},
};
const size_t nr_calls = sizeof(calls) / sizeof(calls[0]);

static void on_usr2(int number)
{
	(void)number;
}

void calls_init(void)
{
	struct sigaction action = {.sa_handler = on_usr2, .sa_flags = SA_RESTART};
	sigset_t set;

	sigaction(SIGUSR2, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

void call_place_init(struct call_place *c)
{
	const struct sockaddr_un any = {.sun_family = AF_UNIX};
	struct epoll_event event = {.events = EPOLLIN};

	c->epoll = epoll_create1(0);
	c->timer = timerfd_create(CLOCK_MONOTONIC, 0);
	c->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (c->epoll < 0 || c->timer < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, c->sockets) != 0 ||
	    bind(c->listener, (const struct sockaddr *)&any, sizeof(any.sun_family)) != 0 ||
	    listen(c->listener, 1) != 0 ||
	    epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->sockets[0], &event) != 0) {
		perror("descriptors for calls");
		exit(2);
	}
}
