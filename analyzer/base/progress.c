/* SPDX-License-Identifier: MIT */
/*
 * The progress bar.  It shows up when a piece of work has run for a second, ten times a second at
 * most, and leaves the line empty when the work is done.
 */
#include "base/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR_WIDTH     30
#define SHOW_AFTER_NS 1000000000ull
#define REDRAW_NS     100000000ull

/* Of the one terminal: what is being done, since when, when it was last drawn (0: not yet). */
static struct {
	const char *what;
	uint64_t since_ns;
	uint64_t drawn_ns;
} bar;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

static void draw(const char *what, uint64_t done, uint64_t total)
{
	const double part = total ? (double)done / (double)total : 0;
	const int filled = (int)(part * BAR_WIDTH);
	char text[BAR_WIDTH + 1];

	memset(text, ' ', BAR_WIDTH);
	memset(text, '=', filled < BAR_WIDTH ? (size_t)filled : BAR_WIDTH);
	text[BAR_WIDTH] = '\0';
	fprintf(stderr, "\r%-24.24s [%s] %3.0f%%", what, text, part * 100);
	fflush(stderr);
}

static void show(void *arg, const char *what, uint64_t done, uint64_t total)
{
	const uint64_t now = now_ns();

	(void)arg;
	if (bar.what != what) {
		bar.what = what;
		bar.since_ns = now;
		bar.drawn_ns = 0;
	}
	if (done >= total) {
		if (bar.drawn_ns)
			fputs("\r\033[K", stderr);
		bar.what = NULL;
		return;
	}
	if (now - bar.since_ns < SHOW_AFTER_NS || now - bar.drawn_ns < REDRAW_NS)
		return;
	bar.drawn_ns = now;
	draw(what, done, total);
}

struct progress progress_terminal(void)
{
	return (struct progress){ .fn = isatty(STDERR_FILENO) ? show : NULL };
}
