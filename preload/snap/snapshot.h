/* SPDX-License-Identifier: MIT */
/*
 * Taking one snapshot, from the program's side: close the gate, note where everybody stands, clone
 * a copy-on-write child, open the gate. The child (snap/child.h) writes; nobody but us can see it
 * end: its exit signal is 0, so neither wait() nor SIGCHLD of the program tells.
 *
 * All but snapshot_is_child: one thread at a time (trigger.c's `busy`), signals blocked, outside
 * the door.  errno is kept.
 */
#ifndef SNAP_SNAPSHOT_H
#define SNAP_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

/* Once at start.  False (and said in the log) where there is no memory. */
bool snapshot_init(void);

/* reason: as PROC has it; context: ucontext_t of the program where a handler interrupted it, or
 * NULL.  False where the gate would not close in good time (nothing has happened); other failures
 * are reported. */
bool snapshot_take(const char *reason, void *context);

/* Reaps a child that has ended.  True while one runs. */
bool snapshot_is_running(void);

/* While one runs.  True where it has finished and is just about to end: look again.  wake: else it
 * signals this thread, or its process, when it has done. */
bool snapshot_wait_for_end(bool wake);

/* Any context: was this the pid of our child? */
bool snapshot_is_child(int32_t pid);

void snapshot_set_pending(void);	/* any context */
void snapshot_report_stuck(void);
void snapshot_after_fork(void);

#endif
