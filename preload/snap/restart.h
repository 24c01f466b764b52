/* SPDX-License-Identifier: MIT */
/*
 * System calls that a signal handler interrupts whatever SA_RESTART says (epoll_wait, poll, nanosleep, ...) are taken up again after a handler
 * of ours alone ran: the program must not see an EINTR that it would not have seen without us.
 */
#ifndef SNAP_RESTART_H
#define SNAP_RESTART_H

#include <stdbool.h>
#include <stdint.h>

/* Once, at start: finds libc's code, in which alone registers may be changed. */
void restart_init(void);

/*
 * context: ucontext_t of a handler of ours that has chained to no other.  Moves its saved instruction pointer back before an interrupted
 * system call, unless another signal that waits is to interrupt it anyway; signals in `ignore` (a mask) are none that would.  True where
 * it did.
 */
bool restart_interrupted(void *context, uint64_t ignore);

#endif
