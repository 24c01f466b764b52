/* SPDX-License-Identifier: MIT */
/*
 * What of a heap a program needs: such as only group objects and count them can be run on an
 * outline (heap/outline.h).  Whoever runs one looks at heap->is_lacking afterwards.
 */
#ifndef EXPR_NEED_H
#define EXPR_NEED_H

#include "heap/heap.h"

/* HEAP_NEED_WHOLE, too, where it is no program at all. */
enum heap_need expr_need(const char *program);

#endif
