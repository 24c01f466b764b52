/* SPDX-License-Identifier: MIT */
/*
 * Paths from an object to one of its words or to a place inside it.
 *
 * Of a union's members the one is told whose pointer leads to what the block is that the word
 * points at; else the first that has a pointer there, else the first that reaches there.
 *
 * Inside of types of the C++ library only members are told that a program may name: a vector's
 * pointers are all ".links", a tuple's and an optional's values what these are called, a pair's
 * ".at.second".
 */
#ifndef TYPING_NATIVE_PATH_H
#define TYPING_NATIVE_PATH_H

#include "typing/native/ctype.h"

#define PATH_DEPTH_MAX 32

/*
 * ".next", "[*].name", "" the start of a scalar, ".next+0x4" the middle of one.  Interned.
 * leads_to: the type of the block that the word there points at, NULL: not known.
 */
const char *path_format(struct native *n, const struct ctype *t, uint64_t offset, bool exact_index,
			const struct ctype *leads_to);
/* The outermost part of t that begins at offset: ".link", "[*]", "web::Base" (a base class), else
 * as path_format; "" inside of a type of the C++ library. */
const char *path_format_place(struct native *n, const struct ctype *t, uint64_t offset,
			      bool exact_index);

#endif
