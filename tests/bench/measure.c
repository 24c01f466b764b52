/* SPDX-License-Identifier: MIT */
/*
 * Runs a program and writes what it cost to a file: "status wall_seconds cpu_seconds peak_rss_kib".
 *
 *	measure FILE SECONDS PROGRAM [ARGUMENTS]
 *
 * The program gets a process group of its own, which is killed after SECONDS, and what is left of
 * it when the program has ended; where measure is killed, so is the program.  Processor time is the
 * program's and that of the children that it waited for, peak RSS that of the largest of them.  The
 * kernel counts the memory of the process that forked into a child's peak RSS, so the one that
 * forks must be small: this is why the bench does not fork by itself.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t group; /* written before the alarm is set */

static void kill_group(int signal_number)
{
	(void)signal_number;
	kill(-group, SIGKILL);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* The program's status, once it has ended. */
static int wait_for(unsigned int limit, struct rusage *usage)
{
	const struct sigaction on_signal = { .sa_handler = kill_group, .sa_flags = SA_RESTART };
	int status;

	setpgid(group, group);
	sigaction(SIGALRM, &on_signal, NULL);
	sigaction(SIGINT, &on_signal, NULL);
	alarm(limit);
	if (wait4(group, &status, 0, usage) != group)
		return 127;
	alarm(0);
	kill(-group, SIGKILL);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct rusage usage = {0};
	double start;
	FILE *out;
	int status;

	if (argc < 4) {
		fprintf(stderr, "usage: measure FILE SECONDS PROGRAM [ARGUMENTS]\n");
		return 2;
	}
	start = now();
	group = fork();
	if (group < 0) {
		fprintf(stderr, "measure: fork: %s\n", strerror(errno));
		return 1;
	}
	if (!group) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	status = wait_for((unsigned int)atoi(argv[2]), &usage);
	out = fopen(argv[1], "w");
	if (!out) {
		fprintf(stderr, "measure: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	fprintf(out, "%d %.6f %.6f %ld\n", status, now() - start,
		seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss);
	return fclose(out) ? 1 : 0;
}
