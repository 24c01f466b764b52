/* SPDX-License-Identifier: MIT */
/*
 * The snapshot child: a copy of the program that runs nothing of it, writes the dump and ends.
 */
#ifndef SNAP_CHILD_H
#define SNAP_CHILD_H

#include "snap/image.h"

/* Exit statuses: 0 the dump is complete. */
#define CHILD_FAILED 1		/* and has said why in the status page */

/* In the child, straight after clone, all signals blocked. */
void child_run(const struct facts *facts) __attribute__((noreturn));

/* In the child: removes what was written, says why to log and status page, ends. */
void child_fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* err: -errno. */
const char *child_error_text(int err);

#endif
