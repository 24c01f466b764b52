/* SPDX-License-Identifier: MIT */
/*
 * puppet [p:|c:]COMMAND [ARGUMENT] ...: does what its arguments say, one after the other; a command
 * with p: or c: only in the parent or the child of the last fork.  What cannot be done ends it with
 * status 3.  The commands are the table at the end.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "heapcensus/tag.h"

static char **next_argument;
static char role;		/* of the last fork: 'p', 'c'; 0: there was none */
static char *self;

static void fail(const char *what)
{
	dprintf(STDERR_FILENO, "puppet: %s: %s\n", what, strerror(errno));
	_exit(3);
}

static const char *argument(void)
{
	if (!*next_argument) {
		errno = EINVAL;
		fail("argument missing");
	}
	return *next_argument++;
}

static long number(void)
{
	return strtol(argument(), NULL, 0);
}

/* --- memory --- */

static void **blocks;
static size_t nr_blocks;

/* alloc N SIZE: keeps them, each full of its number. */
static void do_alloc(void)
{
	const size_t nr = number(), size = number();

	blocks = malloc(nr * sizeof(*blocks));
	for (nr_blocks = 0; blocks && nr_blocks < nr; nr_blocks++) {
		blocks[nr_blocks] = malloc(size);
		if (!blocks[nr_blocks])
			fail("alloc");
		memset(blocks[nr_blocks], (int)nr_blocks, size);
	}
}

/* greedy SIZE: keeps blocks until there is no more memory, gives them back and says how it went. */
static void do_greedy(void)
{
	const size_t size = number();
	size_t nr = 0;
	void *p, *last = NULL;

	while (nr < 1000000 && (p = malloc(size))) {
		*(void **)p = last;
		last = p;
		nr++;
	}
	const int error = errno;

	for (size_t i = 0; i < nr; i++) {
		p = last;
		last = *(void **)p;
		free(p);
	}
	dprintf(STDOUT_FILENO, "greedy: %s\n",
		nr < 1000000 && error == ENOMEM ? "ended in time" : "odd");
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* churn MS: allocates and frees all the time. */
static void do_churn(void)
{
	for (const double end = now_ms() + (double)number(); now_ms() < end;)
		for (size_t i = 1; i < 100; i++)
			free(memset(malloc(i * 10), 1, i * 10));
}

/* --- talking --- */

static void do_say(void)
{
	dprintf(STDOUT_FILENO, "%s\n", argument());
}

static int nr_interrupted;

/* line: waits for one on standard input. */
static void do_line(void)
{
	char c = 0;

	while (c != '\n') {
		const ssize_t n = read(STDIN_FILENO, &c, 1);

		if (n < 0 && errno == EINTR)
			nr_interrupted++;
		else if (n != 1)
			fail("line");
	}
}

static void do_sleep(void)
{
	struct timespec left = {0, number() * 1000000l};

	left.tv_sec = left.tv_nsec / 1000000000l;
	left.tv_nsec %= 1000000000l;
	while (nanosleep(&left, &left) != 0)
		if (errno != EINTR)
			fail("sleep");
}

/* --- surroundings --- */

static void do_chdir(void)
{
	if (chdir(argument()) != 0)
		fail("chdir");
}

static void do_closefds(void)
{
	closefrom(0);
}

static void do_user(void)
{
	const uid_t id = number();

	if (setgid(id) != 0 || setuid(id) != 0)
		fail("user");
}

static void limit(int resource, rlim_t value)
{
	const struct rlimit limit = {value, value};

	if (setrlimit(resource, &limit) != 0)
		fail("limit");
}

static void do_nofile(void)
{
	limit(RLIMIT_NOFILE, number());
}

/* few: no descriptors allowed, but the program could raise that again. */
static void do_few(void)
{
	struct rlimit now;

	getrlimit(RLIMIT_NOFILE, &now);
	now.rlim_cur = 0;
	if (setrlimit(RLIMIT_NOFILE, &now) != 0)
		fail("few");
}

/* fsize BYTES: no file may grow beyond. */
static void do_fsize(void)
{
	limit(RLIMIT_FSIZE, number());
}

/* memory MB: so much address space more than there is now. */
static void do_memory(void)
{
	const rlim_t more = (rlim_t)number() << 20;
	unsigned long pages = 0;
	FILE *const f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%lu", &pages) != 1)
		fail("/proc/self/statm");
	fclose(f);
	limit(RLIMIT_AS, pages * 4096 + more);
}

/* --- SIGUSR1 --- */

static volatile sig_atomic_t nr_handled, nr_own_blocked, nr_mask_blocked, nr_on_stack,
	nr_sender_known;

static void handle(siginfo_t *info)
{
	sigset_t now;
	stack_t stack;

	pthread_sigmask(SIG_SETMASK, NULL, &now);
	sigaltstack(NULL, &stack);
	nr_handled++;
	nr_own_blocked += sigismember(&now, SIGUSR1);
	nr_mask_blocked += sigismember(&now, SIGWINCH);
	nr_on_stack += (stack.ss_flags & SS_ONSTACK) != 0;
	nr_sender_known += info && info->si_signo == SIGUSR1 && info->si_pid > 0;
}

static void on_signal(int signal_number)
{
	(void)signal_number;
	handle(NULL);
}

static void on_signal_info(int signal_number, siginfo_t *info, void *context)
{
	const ucontext_t *const u = context;

	(void)signal_number;
	handle(u && u->uc_mcontext.gregs[REG_RIP] ? info : NULL);
}

static const struct {
	const char *name;
	int flag;
} handler_flags[] = {
	{"siginfo", SA_SIGINFO}, {"restart", SA_RESTART}, {"resethand", SA_RESETHAND},
	{"nodefer", SA_NODEFER}, {"onstack", SA_ONSTACK},
};

/* handler plain|ignore|default|signal|FLAG,FLAG...: for SIGUSR1; SIGWINCH is blocked while it runs.
 */
static void do_handler(void)
{
	const char *const flags = argument();
	struct sigaction action = {.sa_handler = on_signal};
	static char memory[65536];
	const stack_t stack = {.ss_sp = memory, .ss_size = sizeof(memory)};

	if (strcmp(flags, "signal") == 0) {
		if (signal(SIGUSR1, on_signal) == SIG_ERR)
			fail("signal");
		return;
	}
	sigaltstack(&stack, NULL);
	sigaddset(&action.sa_mask, SIGWINCH);
	for (size_t i = 0; i < sizeof(handler_flags) / sizeof(handler_flags[0]); i++)
		if (strstr(flags, handler_flags[i].name))
			action.sa_flags |= handler_flags[i].flag;
	if (action.sa_flags & SA_SIGINFO)
		action.sa_sigaction = on_signal_info;
	if (strcmp(flags, "ignore") == 0)
		action.sa_handler = SIG_IGN;
	if (strcmp(flags, "default") == 0)
		action.sa_handler = SIG_DFL;
	if (sigaction(SIGUSR1, &action, NULL) != 0)
		fail("handler");
}

/* view: what sigaction says of SIGUSR1. */
static void do_view(void)
{
	struct sigaction a;

	if (sigaction(SIGUSR1, NULL, &a) != 0)
		fail("view");
	const char *const name = a.sa_handler == SIG_DFL	  ? "default"
				 : a.sa_handler == SIG_IGN	  ? "ignore"
				 : a.sa_handler == on_signal	  ? "plain"
				 : a.sa_sigaction == on_signal_info ? "info"
								  : "foreign";

	dprintf(STDOUT_FILENO, "view: %s flags %x mask %d%d\n", name,
		(unsigned)a.sa_flags & ~0x04000000u /* SA_RESTORER */,
		sigismember(&a.sa_mask, SIGWINCH), sigismember(&a.sa_mask, SIGUSR1));
}

static void do_handled(void)
{
	dprintf(STDOUT_FILENO,
		"handled %d, interrupted %d, own blocked %d, mask %d, on stack %d, sender %d\n",
		nr_handled, nr_interrupted, nr_own_blocked, nr_mask_blocked, nr_on_stack,
		nr_sender_known);
}

static void do_raise(void)
{
	raise(SIGUSR1);
}

static void mask(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (sigprocmask(how, &set, NULL) != 0)
		fail("mask");
}

static void do_block(void)
{
	mask(SIG_BLOCK);
}

static void do_unblock(void)
{
	mask(SIG_UNBLOCK);
}

static void do_dump(void)
{
	dprintf(STDOUT_FILENO, "dump %d\n", heapcensus_dump());
}

/* --- processes --- */

static void do_fork(void)
{
	const pid_t child = fork();

	if (child < 0)
		fail("fork");
	role = child ? 'p' : 'c';
}

/* wait: for any child; says how it ended. */
static void do_wait(void)
{
	int status;
	const pid_t child = wait(&status);

	if (child < 0)
		dprintf(STDOUT_FILENO, "wait: %s\n", strerror(errno));
	else if (WIFEXITED(status))
		dprintf(STDOUT_FILENO, "wait: exit %d\n", WEXITSTATUS(status));
	else
		dprintf(STDOUT_FILENO, "wait: signal %d\n", WTERMSIG(status));
}

/* exec: begins anew with the commands that follow. */
static void do_exec(void)
{
	char **argv = next_argument - 1;

	argv[0] = self;
	execv("/proc/self/exe", argv);
	fail("exec");
}

static void do_system(void)
{
	dprintf(STDOUT_FILENO, "system: %d\n", system(argument()));
}

static void *thread_main(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

/* thread: another one, that waits for ever. */
static void do_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_main, NULL) != 0)
		fail("thread");
}

static void do_exit(void)
{
	exit((int)number());
}

static void do_end(void)
{
	_exit((int)number());
}

static void do_quick_exit(void)
{
	quick_exit((int)number());
}

static void do_abort(void)
{
	abort();
}

static const struct {
	const char *name;
	int nr_arguments;
	void (*run)(void);
} commands[] = {
	{"alloc", 2, do_alloc},
	{"greedy", 1, do_greedy},
	{"churn", 1, do_churn},
	{"say", 1, do_say},
	{"line", 0, do_line},
	{"sleep", 1, do_sleep},
	{"chdir", 1, do_chdir},
	{"closefds", 0, do_closefds},
	{"user", 1, do_user},
	{"nofile", 1, do_nofile},
	{"few", 0, do_few},
	{"fsize", 1, do_fsize},
	{"memory", 1, do_memory},
	{"handler", 1, do_handler},
	{"view", 0, do_view},
	{"handled", 0, do_handled},
	{"raise", 0, do_raise},
	{"block", 0, do_block},
	{"unblock", 0, do_unblock},
	{"dump", 0, do_dump},
	{"fork", 0, do_fork},
	{"wait", 0, do_wait},
	{"exec", 0, do_exec},
	{"system", 1, do_system},
	{"thread", 0, do_thread},
	{"exit", 1, do_exit},
	{"_exit", 1, do_end},
	{"quick_exit", 1, do_quick_exit},
	{"abort", 0, do_abort},
};

static size_t find_command(const char *name)
{
	size_t i = 0;

	while (i < sizeof(commands) / sizeof(commands[0]) && strcmp(commands[i].name, name) != 0)
		i++;
	if (i == sizeof(commands) / sizeof(commands[0])) {
		errno = EINVAL;
		fail(name);
	}
	return i;
}

int main(int argc, char **argv)
{
	self = argv[0];
	(void)argc;
	for (next_argument = argv + 1; *next_argument;) {
		const char *name = argument();
		const bool mine = name[1] != ':' || name[0] == role;

		name += name[1] == ':' ? 2 : 0;
		const size_t command = find_command(name);

		if (mine)
			commands[command].run();
		else
			next_argument += commands[command].nr_arguments;
	}
	return 0;
}
