/* SPDX-License-Identifier: MIT */
/*
 * Progress of long work: whoever works calls progress_step, whoever started it decides what that
 * shows.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdint.h>

/* done of total, in any unit; done == total ends the line. */
typedef void progress_fn(void *arg, const char *what, uint64_t done, uint64_t total);

struct progress {
	progress_fn *fn; /* NULL: nobody looks */
	void *arg;
};

static inline void progress_step(const struct progress *progress, const char *what, uint64_t done,
				 uint64_t total)
{
	if (progress && progress->fn)
		progress->fn(progress->arg, what, done, total);
}

/* A bar on standard error for work that takes more than a second; nothing where that is no
 * terminal. */
struct progress progress_terminal(void);

#endif
