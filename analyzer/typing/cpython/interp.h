/* SPDX-License-Identifier: MIT */
/*
 * The state of the main interpreter: a part of the runtime's data, or (up to 3.10) a block.
 */
#ifndef TYPING_CPYTHON_INTERP_H
#define TYPING_CPYTHON_INTERP_H

#include "typing/cpython/cpython.h"

#define CPYTHON_INTERP_TYPE "PyInterpreterState"

/* Finds it: p->interp and p->interp_block. */
void cpython_find_interp(struct cpython *p);
/* Is addr in one of its caches or free lists, which hold nothing? */
bool cpython_interp_borrows(const struct cpython *p, uint64_t addr);
/* The relation of the word at addr, as Guppy calls it: ".i0_modules", interned; "" where it is
 * nobody's business; NULL: no such. */
const char *cpython_interp_word(struct cpython *p, uint64_t addr);

/* The cache of methods among the data of 3.8 and 3.9: finds p->method_cache. */
void cpython_find_method_cache(struct cpython *p);
/* Is the word at addr one of its pointers, which hold nothing? */
bool cpython_is_cached_method(const struct cpython *p, uint64_t addr);

#endif
