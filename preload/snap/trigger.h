/* SPDX-License-Identifier: MIT */
/*
 * When to take a snapshot.  Asking is cheap and always safe; one snapshot is written at a time.
 * What is asked for while one is being written is remembered and answered by one more snapshot
 * afterwards; anything beyond is counted (snapshots_skipped).
 */
#ifndef SNAP_TRIGGER_H
#define SNAP_TRIGGER_H

#include <stdbool.h>
#include <stdint.h>

/* enumerator, PROC "reason" */
#define TRIGGER_REASONS(X) \
	X(SIGNAL, "signal") \
	X(EVERY, "every") \
	X(GROW, "grow") \
	X(EXIT, "exit") \
	X(API, "api")

enum trigger_reason {
#define TRIGGER_ENUM(name, text) TRIGGER_##name,
	TRIGGER_REASONS(TRIGGER_ENUM)
#undef TRIGGER_ENUM
	NR_TRIGGER_REASONS,
};

/* Once at start, after options, status page and threads: the gate, the signal handler.  allocator:
 * its name, for PROC. */
void trigger_init(const char *allocator);

/*
 * Asks for a snapshot: now where the calling thread is outside the door, else when it leaves.
 * context: ucontext_t where the program was interrupted by a signal handler, or NULL.  True where
 * one was begun at once.  Any context; errno kept.
 */
bool trigger_ask(enum trigger_reason reason, void *context);

/* A signal that our own child sent: it has finished, and something was asked meanwhile. */
bool trigger_is_from_child(int32_t pid);
void trigger_resume(void *context);

/* Our timer's signal (snap/later.h): is anything due in a program that has fallen silent?  context:
 * ucontext_t. */
void trigger_look_now(void *context);

/* A thread is about to block these: the timer is set again by one that has not. */
void trigger_signals_blocked(uint64_t mask);

/* When the program ends: dumps if asked to, and waits (within bounds) for a child that still
 * writes. */
void trigger_at_exit(void);

/* In the child of fork: nothing is asked, no snapshot runs, numbers start again. */
void trigger_after_fork(void);

#endif
