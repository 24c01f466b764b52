/* SPDX-License-Identifier: MIT */
/*
 * Which function a call goes to.
 */
#ifndef HEAP_CALLEE_H
#define HEAP_CALLEE_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/symbol.h"

/* The name, as the linker knows it, of the function at target, or of the imported one whose stub is
 * there; NULL: not known. */
const char *callee_find(struct symbols *s, uint64_t target);
/* Is it one of the C library's that return their first argument? */
bool callee_returns_argument(const char *function);

#endif
