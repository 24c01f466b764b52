/* SPDX-License-Identifier: MIT */
/*
 * Runs a program and writes what it cost to a file: "status wall_seconds cpu_seconds peak_rss_kib".
 *
 *	measure FILE SECONDS PROGRAM [ARGUMENTS]
 *
 * It is killed after SECONDS.  The kernel counts the memory of the process that forked into a
 *child's peak RSS, so the one that forks must be small: this is why the bench does not fork by
 *itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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

int main(int argc, char **argv)
{
	struct rusage usage;
	double start;
	FILE *out;
	pid_t pid;
	int status;

	if (argc < 4) {
		fprintf(stderr, "usage: measure FILE SECONDS PROGRAM [ARGUMENTS]\n");
		return 2;
	}
	start = now();
	pid = fork();
	if (pid < 0) {
		fprintf(stderr, "measure: fork: %s\n", strerror(errno));
		return 1;
	}
	if (!pid) {
		alarm((unsigned int)atoi(argv[2]));
		execvp(argv[3], argv + 3);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &usage) != pid)
		return 1;
	out = fopen(argv[1], "w");
	if (!out) {
		fprintf(stderr, "measure: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	fprintf(out, "%d %.6f %.6f %ld\n",
		WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), now() - start,
		seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss);
	return fclose(out) ? 1 : 0;
}
