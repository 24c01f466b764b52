/* SPDX-License-Identifier: MIT */
/*
 * Which Python code allocates: the depot's node of the frames that the calling thread is running.
 */
#ifndef HOOK_PYTHON_STACK_H
#define HOOK_PYTHON_STACK_H

#include <stdint.h>

#include "live/thread.h"

/*
 * Appends this thread's Python frames (at most depth) to the native stack `native`, a depot node or
 * 0: the node of both; `native` itself where it runs no Python code, or none that can be read.
 * t->inside is 1, and t->depot_memo there.
 */
uint32_t python_stack_add(struct thread *t, uint32_t native, uint32_t depth);

#endif
