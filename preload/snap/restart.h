/* SPDX-License-Identifier: MIT */
/*
 * System calls that a signal handler interrupts whatever SA_RESTART says (epoll_wait, poll,
 * nanosleep, ...) are taken up again after a handler of ours alone ran: the program must not see an
 * EINTR that it would not have seen without us.
 */
#ifndef SNAP_RESTART_H
#define SNAP_RESTART_H

#include <stdbool.h>
#include <stdint.h>

/* Once, at start: finds libc's code, in which alone registers may be changed. */
void restart_init(void);

/*
 * context: ucontext_t of a handler of ours that has chained to no other.  An interrupted system
 * call is made again, a write that was cut short goes on, unless another signal that waits is to
 * end it anyway; a call that the kernel is about to make again ends where it is. Signals in
 * `ignore` (a mask) are none that would.  True where the context was changed.
 */
bool restart_interrupted(void *context, uint64_t ignore);

#endif
