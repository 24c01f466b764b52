/* SPDX-License-Identifier: MIT */
/*
 * What every piece of the address space is: the program's data, its allocator's memory, stacks, the
 * profiler's own.  The snapshot child only; fills image.layout.  The memory of the allocator is
 * completed by layout_add_block while BLKS is written.
 */
#ifndef SNAP_LAYOUT_H
#define SNAP_LAYOUT_H

#include <stdint.h>

#include "snap/image.h"
#include "snap/walk.h"

/* Once at start, in the program: asks libc for the size of static TLS.  allocator: its name, as
 * PROC has it. */
void layout_init(const char *allocator);
const char *layout_allocator(void);

/* A living or a gone thread, put together from the census and from the kernel. */
struct layout_thread {
	const struct thread *known;	/* NULL: it never allocated */
	const struct os_thread *os;	/* NULL: the kernel does not know it */
	uint64_t sp, pc, tls;
	uint64_t stack_start, stack_end;
};

/* Maps, modules, threads, the profiler's own; not yet what only blocks tell. */
void layout_build(struct image *im);

/* A block's part: allocator memory around it, and whether a thread runs on it.  Gives where the
 * block's contents go to. */
void layout_add_block(struct image *im, const struct walk *w);

/* After all blocks: paints stacks, flattens image.layout. */
void layout_finish(struct image *im);

#endif
