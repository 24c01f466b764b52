/* SPDX-License-Identifier: MIT */
/*
 * The first small blocks of the profiler's own: what the start of a process asks for, most of it
 * given back at once (the loader's messages about names that are not there).  jemalloc, which
 * takes nearly 200 KB before its first block, is started only where there is more.
 *
 * Under the lock of rt/private.c.
 */
#ifndef RT_FIRST_H
#define RT_FIRST_H

#include <stdbool.h>
#include <stddef.h>

/* NULL: not of this size, or there is no room any more. 16-byte aligned, not zeroed. */
void *first_alloc(size_t size);
bool first_has(const void *p);
size_t first_size(const void *p);
void first_free(void *p);

#endif
