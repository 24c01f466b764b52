/* SPDX-License-Identifier: MIT */
/*
 * Static objects: those that lie in the data of the interpreter and of extension modules (static
 * classes, the code and constants of frozen modules).  They are no blocks, so they are in no set
 * and no table, but what they hold is held by them: their words are roots that have Python's names.
 */
#ifndef TYPING_CPYTHON_STATIC_H
#define TYPING_CPYTHON_STATIC_H

#include "typing/cpython/cpython.h"

/* An object that may hold others; [addr, addr + size) lies in one range of module data. */
struct cpython_static {
	uint64_t addr, size;
};

/* Finds them, ascending and apart: p->statics. */
void cpython_find_statics(struct cpython *p);
/* The one whose words hold addr; NULL: none. */
const struct cpython_static *cpython_static_at(const struct cpython *p, uint64_t addr);

#endif
