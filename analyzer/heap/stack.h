/* SPDX-License-Identifier: MIT */
/*
 * Whole stacks: native and Python frames put together.  The dump has two chains for a block that
 * Python code allocated; each run of the interpreter's loop, a native frame, is replaced by the
 * Python frames that it ran.
 *
 * Where Python tells of more runs than the native chain has (a part of the loop that a stripped
 * interpreter does not name) nothing is replaced: Python's frames stand above the native ones.
 */
#ifndef HEAP_STACK_H
#define HEAP_STACK_H

#include "heap/heap.h"

struct stack_frame {
	bool is_python;
	uint64_t pc;			     /* native: return address */
	const struct hc_python_place *place; /* Python */
};

struct stack_frames {
	struct stack_frame *items; /* innermost first; the caller frees them */
	size_t nr, capacity;
};

void heap_read_stack(struct heap *h, uint32_t stack, struct stack_frames *ret);

/* The node of the innermost native frame; 0: none. */
uint32_t heap_find_native(const struct heap *h, uint32_t stack);
/* The innermost Python frame; NULL: none. */
const struct hc_python_place *heap_find_place(const struct heap *h, uint32_t stack);
/* "file:line function"; the caller frees it. */
char *heap_format_place(const struct heap *h, const struct hc_python_place *place);

#endif
