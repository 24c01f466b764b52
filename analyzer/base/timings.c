/* SPDX-License-Identifier: MIT */
/*
 * Seconds and memory of each pass: differences to what it was at the last call.  One thread calls.
 */
#include "base/timings.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Of the process: what the last pass ended with. */
static struct {
	double cpu, wall;
} last;

static double clock_seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double peak_mb(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)usage.ru_maxrss / 1024;
}

static double resident_mb(void)
{
	unsigned long size, resident = 0;
	FILE *statm = fopen("/proc/self/statm", "re");

	if (!statm)
		return 0;
	if (fscanf(statm, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	fclose(statm);
	return (double)resident * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static void print_pass(const char *name)
{
	const double cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID),
		     wall = clock_seconds(CLOCK_MONOTONIC);

	fprintf(stderr,
		"heapcensus: timing: %-24s %9.3f s cpu %9.3f s wall %9.1f MB %9.1f MB peak\n", name,
		cpu - last.cpu, wall - last.wall, resident_mb(), peak_mb());
	last.cpu = cpu;
	last.wall = wall;
}

progress_pass_fn *timings_find(void)
{
	const char *wanted = getenv("HEAPCENSUS_TIMINGS");

	if (!wanted || !*wanted || *wanted == '0')
		return NULL;
	if (!last.wall)
		last.wall = clock_seconds(CLOCK_MONOTONIC);
	return print_pass;
}
