/* SPDX-License-Identifier: MIT */
/*
 * The kernel's view of a signal action, set without libc (whose sigaction is interposed, and may be
 * another library's). Any context; errno kept.
 */
#ifndef SNAP_SIGNALS_H
#define SNAP_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define SIGNAL_ALL (~0ull)

typedef void signal_handler_fn(int signal, siginfo_t *info, void *context);

/* As the kernel has it (x86-64). */
struct signal_kernel_action {
	union {
		signal_handler_fn *action;
		void (*handler)(int signal);
	};
	uint64_t flags;
	void (*restorer)(void);
	uint64_t mask;
};

static inline uint64_t signal_bit(int signal)
{
	return 1ull << (signal - 1);
}

/* Sets a handler with SA_SIGINFO; flags are further SA_* flags, mask what is blocked while it runs.
 * Returns -errno. */
int signal_set_kernel(int signal, signal_handler_fn *handler, int flags, uint64_t mask);
int signal_get_kernel(int signal, struct signal_kernel_action *action);

/* Signals that wait for the calling thread or its process. */
uint64_t signal_get_pending(void);

/* What the calling thread has blocked. */
uint64_t signal_get_blocked(void);

/* Whether a thread, of another process perhaps, has it blocked; true where nobody says. */
bool signal_is_blocked_by(pid_t pid, pid_t thread, int signal);

/* A thread's time out of reach of handlers: all signals blocked from block to restore. */
uint64_t signal_block_all(void);
void signal_restore(uint64_t mask);

#endif
