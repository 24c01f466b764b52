/* SPDX-License-Identifier: MIT */
/*
 * A running process under census, seen from outside: its status page (heapcensus/status_format.h),
 * and what /proc says of it. What is read is the process' word: texts may lack their final zero,
 * numbers may be anything.
 */
#ifndef CMD_TARGET_H
#define CMD_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "heapcensus/status_format.h"

struct target {
	int pid;
	int signal;		/* that asks for a dump, 0: none */
	uint64_t page; /* address of its status page; 0: may not be read, its folder is watched
			  instead */
	char *prefix;  /* of its dumps' paths, where there is no page: <dir>/<exe>.<pid>. */
};

/* Finds the page.  The error says why there is none: no such process, not under census. */
struct error *target_open(int pid, struct target *t) __attribute__((warn_unused_result));
void target_close(struct target *t);

struct error *target_read_status(const struct target *t, struct hc_status *status)
	__attribute__((warn_unused_result));

/* The letter of /proc/PID/stat (R S D T Z...); 0 where there is no such process. */
char target_state(int pid);

/* Do all threads block the signal?  Has the process a handler for it? */
bool target_blocks(int pid, int signal);
bool target_catches(int pid, int signal);

#endif
