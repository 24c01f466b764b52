/* SPDX-License-Identifier: MIT */
/*
 * The dump's file: written under a temporary name, synced, renamed to the next free
 * <dir>/<name>.<pid>.<n>.hc.  The snapshot child only. A file under its final name is always
 * complete.
 */
#ifndef SNAP_OUTPUT_H
#define SNAP_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output {
	int fd;			/* -1: not open */
	const char *dir;	/* that was chosen */
	int dir_error;		/* -errno of the folder asked for, where another had to be taken */
	uint64_t number;	/* of the final name */
	uint64_t size;		/* bytes written so far */
	uint64_t begun;		/* ... of them, that the disk has been told to write */
	char part[PATH_MAX];	/* temporary name; empty: the file has none */
	char path[PATH_MAX];	/* final name, after output_commit */
};

/*
 * Opens the temporary file in the process' folder, else in its fallback; without a name where the
 * file system can do that and `unnamed` lets it: nothing is left behind, whoever is killed.  -errno
 * of the first folder where neither can be written.
 */
int output_open(struct output *o, uint64_t unique, bool unnamed);

/* A writer_sink_fn.  Keeps at most OUTPUT_WINDOW * 2 bytes ahead of the disk, which writes while we
 * compress: nothing piles up that the program's own writes would have to wait for, and the time
 * this takes tells how fast the disk is. */
#define OUTPUT_WINDOW (8ull << 20)
int output_sink(void *arg, const void *bytes, size_t len);

/* Syncs, gives the final name, closes; numbers below `first` are not tried.  On error the temporary
 * file is removed; returns -errno. */
int output_commit(struct output *o, uint64_t first);

/* Removes a dump of this process, and what the analyzer has kept of it. */
void output_remove(const char *dir, uint64_t number);

/* Closes and removes the temporary file. */
void output_discard(struct output *o);

#endif
