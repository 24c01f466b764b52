/* SPDX-License-Identifier: MIT */
/*
 * Which programs can be run on the outline of a heap (heap/outline.h): such as only group objects
 * and count them.  Whoever runs one looks at heap->is_lacking afterwards.
 */
#ifndef EXPR_BRIEF_H
#define EXPR_BRIEF_H

#include <stdbool.h>

/* False, too, where it is no program at all. */
bool expr_is_brief(const char *program);

#endif
