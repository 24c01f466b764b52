/* SPDX-License-Identifier: MIT */
/*
 * Progress of long work: whoever works calls progress_step, whoever started it decides what that
 * shows.  Passes of it that end are told by progress_pass, for who measures them.
 */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdint.h>

/* done of total, in any unit; done == total ends the line. */
typedef void progress_fn(void *arg, const char *what, uint64_t done, uint64_t total);

/* That pass has ended, and with it all work since the last one ended. */
typedef void progress_pass_fn(const char *name);

struct progress {
	progress_fn *fn; /* NULL: nobody looks */
	void *arg;
	progress_pass_fn *pass; /* NULL: nobody measures */
};

static inline void progress_step(const struct progress *progress, const char *what, uint64_t done,
				 uint64_t total)
{
	if (progress && progress->fn)
		progress->fn(progress->arg, what, done, total);
}

static inline void progress_pass(const struct progress *progress, const char *name)
{
	if (progress && progress->pass)
		progress->pass(name);
}

/* A bar on standard error for work that takes more than a second; nothing where that is no
 * terminal. */
struct progress progress_terminal(void);

#endif
