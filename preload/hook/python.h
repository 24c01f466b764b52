/* SPDX-License-Identifier: MIT */
/*
 * Python's objects as blocks: the allocators of a CPython's object and mem domains are wrapped, and
 * its arenas told from other mappings. pymalloc goes on serving what it served; what it passes on
 * to malloc is one block, of kind python, in malloc's plane.
 *
 * Python's lock (the GIL) is not ours: the wrappers hold the door only while they touch the census,
 * never across the interpreter's own code.
 */
#ifndef HOOK_PYTHON_H
#define HOOK_PYTHON_H

#include <stdbool.h>
#include <stdint.h>

/* At start: wraps the allocators of a CPython that is in the program already, else makes ready for
 * one that comes later. */
void python_start(void);

/* After an object has been unloaded. */
void python_after_dlclose(void);

/* Wraps whatever domain does not come to us.  Where nobody else runs Python code: before its start,
 * or with the GIL. */
void python_wrap(void);

#define PYTHON_NR_SEEN 1024

/* Call sites that have been looked at.  Any thread; a lost update costs another look. */
extern uint64_t python_seen[PYTHON_NR_SEEN];

void python_look(uint64_t caller);

/* From the slow path of call sites: a caller that nobody has seen may be a CPython that has just
 * been loaded, or one that has replaced its allocators while starting. */
static inline void python_notice(uint64_t caller)
{
	const uint32_t i = (caller ^ caller >> 10) % PYTHON_NR_SEEN;

	if (__builtin_expect(__atomic_load_n(&python_seen[i], __ATOMIC_RELAXED) == caller, 1))
		return;
	__atomic_store_n(&python_seen[i], caller, __ATOMIC_RELAXED);
	python_look(caller);
}

#endif
