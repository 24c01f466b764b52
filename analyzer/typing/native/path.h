/* SPDX-License-Identifier: MIT */
/*
 * Paths from an object to one of its words.
 */
#ifndef TYPING_NATIVE_PATH_H
#define TYPING_NATIVE_PATH_H

#include "typing/native/ctype.h"

#define PATH_DEPTH_MAX 32

/* ".next", "[*].name", "" the start of a scalar, ".next+0x4" the middle of one.  Interned. */
const char *path_format(struct native *n, const struct ctype *t, uint64_t offset, bool exact_index);

#endif
