/* SPDX-License-Identifier: MIT */
/*
 * What the words of unions lead to.  Nobody says which member is meant, but often only one of them
 * can be: a guess.
 */
#ifndef TYPING_NATIVE_UNION_H
#define TYPING_NATIVE_UNION_H

#include "typing/native/ctype.h"
#include "typing/native/native.h"

/*
 * What the pointer at `offset` of a union leads to, if that is the start of a block of `size`
 * bytes: the one target among those of all its members there that a block of that size can be one
 * of.  NULL: there is none, or there are several.
 */
const struct ctype *union_find_target(struct native *n, const struct ctype *t, uint64_t offset,
				      uint64_t size);

#endif
