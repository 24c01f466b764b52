/* SPDX-License-Identifier: MIT */
/*
 * Reading the program's memory in the snapshot child where a read may fault: guard pages, files cut
 * short, memory that is not passed on to children.  A fault inside copy_memory ends the copy
 * instead of the child.
 */
#ifndef SNAP_COPY_H
#define SNAP_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What to do about a fault elsewhere in the child: say so and end the process.  Does not return. */
typedef void copy_crash_fn(int signal, uint64_t pc, uint64_t addr);

/*
 * Takes over SIGSEGV and SIGBUS of the calling process and unblocks them: the child only (it shares
 * no signal table), or a test.
 */
void copy_init(copy_crash_fn *crash);

/* Copies len bytes at addr.  False where not all of them can be read; the rest of dst is zeroed
 * then. */
bool copy_memory(void *dst, uint64_t addr, size_t len);

/* The word at addr; false (and 0) where it cannot be read. */
bool copy_word(uint64_t *word, uint64_t addr);

#endif
