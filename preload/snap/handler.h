/* SPDX-License-Identifier: MIT */
/*
 * The signal that asks for a dump.  Our handler stands in the kernel's table; what the program sets
 * and sees for that one signal is kept here, and its handler is called after ours as the kernel
 * would have called it.  Every other signal is none of our business.
 *
 * hook/signal.c forwards sigaction and its kin here.  Any thread, in a signal handler.
 */
#ifndef SNAP_HANDLER_H
#define SNAP_HANDLER_H

#include <signal.h>
#include <stdbool.h>

/* Once, at start: takes the signal over (0: none) with whatever action it has. */
void handler_init(int signal);

/* Is it the one that we stand in for, in this process? */
bool handler_owns(int signal);

/* In the child of fork, before anything else here. */
void handler_after_fork(void);

/* Has the program a handler of its own for it? */
bool handler_is_programs(void);

/* As sigaction(2) for the signal that handler_owns: 0, always. */
int handler_sigaction(const struct sigaction *act, struct sigaction *old);

/* As signal(3): sets handler with these flags, gives the handler before. */
sighandler_t handler_signal(sighandler_t handler, int flags);

#endif
