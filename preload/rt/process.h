/* SPDX-License-Identifier: MIT */
/*
 * Which process this is and where its files go: found once at start, renewed after fork.  The
 * snapshot child sees its parent's.
 */
#ifndef RT_PROCESS_H
#define RT_PROCESS_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

/* Written by process_init and process_after_fork, in a process of one thread; read-only between. */
struct process {
	int32_t pid;
	uint32_t page_size;
	char exe[PATH_MAX]; /* absolute, "" if unknown */
	char name[64];	    /* last part of exe, made fit for a file name; "unknown" if unknown */
	char dir[PATH_MAX]; /* of dumps and log, absolute: HEAPCENSUS_DIR, else the folder at start
			     */
	char fallback[PATH_MAX]; /* where dir cannot be written: TMPDIR, else /tmp */
};
extern struct process rt_process;

/* Idempotent; after option_init. */
void process_init(void);
void process_after_fork(void);

#endif
