/* SPDX-License-Identifier: MIT */
/*
 * A look at what is due (every=, grow=) in a program that has fallen silent.  While it allocates,
 * its own calls look; the look here is put off by each of them, and comes when none has for a
 * while: one signal of a timer of the kernel's, the one that asks for dumps.  The program's own
 * handler never hears of it.  Not at all where the program waits for that signal itself (it has a
 * handler, or has blocked it), or there is none (signal=none).
 */
#ifndef SNAP_LATER_H
#define SNAP_LATER_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* In place of an earlier time that has been asked for.  mask: the signals that the calling thread
 * has blocked.  Any context. */
void later_ask(int signal, uint64_t monotonic_ns, uint64_t mask);

/* It shall not come, until it is asked for again.  Cheap where it has not been asked for. */
void later_stop(void);

/* Is that signal our timer's? */
bool later_is_now(const siginfo_t *info);

/* In the child of fork, which has no timers. */
void later_after_fork(void);

#endif
