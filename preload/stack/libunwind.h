/* SPDX-License-Identifier: MIT */
/*
 * libunwind.so.8, loaded with dlopen when it is wanted and never linked: as a needed library its
 * _Unwind_* would come before those of libgcc_s in the host.
 *
 * It is not fit for a guest as it is: it holds a pipe in the host's descriptor table (and reads
 * from that number after the host has closed and reused it), allocates from the host's heap, has
 * locks that fork() leaves locked, keeps what it learnt about code that has been unloaded, and uses
 * a thread's cache after having freed it.  So its imports are redirected, in its own table only, to
 * what libunwind.c puts in their place.
 */
#ifndef STACK_LIBUNWIND_H
#define STACK_LIBUNWIND_H

#include <stdbool.h>
#include <stdint.h>

/* False (with a message) where there is no libunwind.so.8 or it is not as expected. */
bool libunwind_load(void);

/* Return addresses from the caller of this function outwards.  0 where it is not loaded, or this
 * thread is ending. */
uint32_t libunwind_backtrace(uint64_t *pcs, uint32_t max);

/* Every thread forgets, at its next backtrace at the latest, what it has cached about code. */
void libunwind_flush(void);

void libunwind_fork_prepare(void);
void libunwind_fork_parent(void);
void libunwind_fork_child(void);

#endif
