/* SPDX-License-Identifier: MIT */
/*
 * The rest of a write.  A handler that runs while a blocking write waits for room makes the kernel
 * return what has been written by then, whatever SA_RESTART says; most programs would lose the
 * rest.  So the write goes on where it was interrupted, and what it returns in the end is the sum.
 * A handler of the program's that asks for no restart (SA_RESTART) cuts it short as it would have;
 * one that does finds a write that has nothing written yet, and that goes on after it.
 */
#ifndef SNAP_REST_H
#define SNAP_REST_H

#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/*
 * nr: the number of the system call of libc's that the context stands behind, with less written
 * than was asked for.  Changes the context so that the thread writes the rest when the handler
 * returns.  False where that cannot be told or is not ours to do (a file, a call that does not
 * block).
 */
bool rest_begin(ucontext_t *context, long nr);

/* Does the context stand behind the writing of a rest?  Then rest_continue makes it go on. */
bool rest_is_written(const ucontext_t *context);
bool rest_continue(ucontext_t *context);

#endif
