/* SPDX-License-Identifier: MIT */
/*
 * signalled one|many MS: a program that notices signals.  It allocates, blocks in every system call
 * of calls.c, has children that it waits for, and counts what is not as it should be: interrupted
 * calls, times that are too short or far too long, children that are not its own, SIGCHLD that it
 * does not expect.  What it prints is the same at every run, unless something disturbs it.
 *
 * "one": a single thread does all that in turns.  "many": a thread for each call, one for the
 * children, four that allocate. "started" on standard error when it is under way; each thread goes
 * on for MS at least.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"

/* Beyond what a call may last that is made again: twice as long, as the kernel does not say of the
 * first time how much was left (preload/snap/restart.c). */
#define LATE_MS 1500
#define NR_CHURNERS 4
#define NR_KEPT 512

static int total_ms;

/* --- calls --- */

struct caller {
	pthread_t thread;
	const struct call *call;
	struct call_place place;
	unsigned int nr_interrupted, nr_early, nr_late, nr_wrong;
};

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void caller_try(struct caller *c, int ms)
{
	const double start = now_ms();
	const int error = c->call->run(&c->place, ms);
	const double took = now_ms() - start;

	if (error == EINTR)
		c->nr_interrupted++;
	else if (error)
		c->nr_wrong++;
	else if (took < ms - 5)		/* poll may count in ticks of the kernel */
		c->nr_early++;
	else if (took > ms * (c->call->begins_anew ? 3 : 2) + LATE_MS)
		c->nr_late++;
}

static void caller_print(const struct caller *c)
{
	printf("%s: interrupted %u, early %u, late %u, wrong %u\n", c->call->name,
	       c->nr_interrupted, c->nr_early, c->nr_late, c->nr_wrong);
}

static void *caller_main(void *arg)
{
	struct caller *const c = arg;
	const double end = now_ms() + total_ms;

	caller_try(c, total_ms / 2);
	while (now_ms() < end)
		caller_try(c, 20);
	return NULL;
}

/* --- children --- */

static volatile sig_atomic_t nr_sigchld, nr_sigchld_strange;
static volatile sig_atomic_t child_now;		/* pid that is expected */

struct parent {
	unsigned int nr_children, nr_strange, nr_interrupted, nr_wrong_status, nr_left;
};

static void on_sigchld(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	nr_sigchld++;
	if (child_now && info->si_pid != child_now)
		nr_sigchld_strange++;
}

static void child_main(unsigned int nr)
{
	for (unsigned int i = 0; i < 200; i++)
		free(memset(malloc(i * 7 + 1), 1, i * 7 + 1));
	_exit((int)(nr % 7));
}

static void parent_try(struct parent *p)
{
	const unsigned int nr = p->nr_children++;
	int status = 0;

	fflush(stdout);
	child_now = 0;
	const pid_t child = fork();

	if (child == 0)
		child_main(nr);
	child_now = child;
	const pid_t got = waitpid(-1, &status, 0);

	if (got < 0 && errno == EINTR)
		p->nr_interrupted++;
	else if (got != child)
		p->nr_strange++;
	if (got == child && (!WIFEXITED(status) || WEXITSTATUS(status) != (int)(nr % 7)))
		p->nr_wrong_status++;
	if (waitpid(-1, &status, WNOHANG) != -1 || errno != ECHILD)
		p->nr_left++;
}

static void parent_print(const struct parent *p)
{
	printf("children: strange %u, interrupted %u, wrong status %u, left %u, sigchld %d too "
	       "many, %d strange\n",
	       p->nr_strange, p->nr_interrupted, p->nr_wrong_status, p->nr_left,
	       (int)nr_sigchld - (int)p->nr_children, (int)nr_sigchld_strange);
}

static void *parent_main(void *arg)
{
	const double end = now_ms() + total_ms;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	while (now_ms() < end)
		parent_try(arg);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return NULL;
}

/* --- allocation --- */

struct churner {
	pthread_t thread;
	uint64_t random, sum;
	unsigned char *kept[NR_KEPT];
	uint32_t size[NR_KEPT];
};

/* nr blocks come and go; the sum depends on nothing but the number of them. */
static void churn(struct churner *c, unsigned int nr)
{
	while (nr--) {
		c->random = c->random * 6364136223846793005ull + 1442695040888963407ull;
		const uint32_t i = c->random >> 33 & (NR_KEPT - 1),
			       size = 1 + (c->random >> 45 & 1023);

		if (c->kept[i]) {
			c->sum = c->sum * 31 + c->kept[i][0] + c->kept[i][c->size[i] - 1];
			free(c->kept[i]);
		}
		c->kept[i] = malloc(size);
		c->size[i] = size;
		memset(c->kept[i], (int)size, size);
	}
}

static void churner_end(struct churner *c)
{
	for (int i = 0; i < NR_KEPT; i++)
		free(c->kept[i]);
}

static void *churner_main(void *arg)
{
	struct churner *const c = arg;
	const double end = now_ms() + total_ms;

	churn(c, 2000000);
	const uint64_t sum = c->sum;

	while (now_ms() < end)
		churn(c, 1000);
	c->sum = sum;
	churner_end(c);
	return NULL;
}

/* --- the two ways --- */

static void run_one(void)
{
	static struct churner churner = {.random = 1};
	struct parent parent = {0};
	struct caller *const callers = calloc(nr_calls, sizeof(*callers));
	const double end = now_ms() + total_ms;
	struct call_place place;
	sigset_t set;

	call_place_init(&place);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	churn(&churner, 100000);
	printf("sum %016lx\n", (unsigned long)churner.sum);
	while (now_ms() < end) {
		for (size_t i = 0; i < nr_calls; i++) {
			callers[i].call = &calls[i];
			callers[i].place = place;
			caller_try(&callers[i], 5);
			churn(&churner, 2000);
		}
		parent_try(&parent);
	}
	for (size_t i = 0; i < nr_calls; i++)
		caller_print(&callers[i]);
	parent_print(&parent);
	churner_end(&churner);
	free(callers);
}

static void run_many(void)
{
	static struct churner churners[NR_CHURNERS];
	struct caller *const callers = calloc(nr_calls, sizeof(*callers));
	struct parent parent = {0};
	pthread_t parent_thread;

	pthread_create(&parent_thread, NULL, parent_main, &parent);
	for (size_t i = 0; i < nr_calls; i++) {
		callers[i].call = &calls[i];
		call_place_init(&callers[i].place);
		pthread_create(&callers[i].thread, NULL, caller_main, &callers[i]);
	}
	for (int i = 0; i < NR_CHURNERS; i++) {
		churners[i].random = i + 1;
		pthread_create(&churners[i].thread, NULL, churner_main, &churners[i]);
	}
	for (int i = 0; i < NR_CHURNERS; i++) {
		pthread_join(churners[i].thread, NULL);
		printf("sum %016lx\n", (unsigned long)churners[i].sum);
	}
	for (size_t i = 0; i < nr_calls; i++) {
		pthread_join(callers[i].thread, NULL);
		caller_print(&callers[i]);
	}
	free(callers);
	pthread_join(parent_thread, NULL);
	parent_print(&parent);
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_sigaction = on_sigchld, .sa_flags = SA_RESTART | SA_SIGINFO};
	sigset_t set;

	if (argc != 3)
		return 2;
	total_ms = atoi(argv[2]);
	calls_init();
	sigaction(SIGCHLD, &action, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);	/* in every thread but the one that has children */
	fprintf(stderr, "started\n");
	if (strcmp(argv[1], "one") == 0)
		run_one();
	else
		run_many();
	return 7;
}
