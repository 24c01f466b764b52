/* SPDX-License-Identifier: MIT */
/*
 * Structures that begin with a common one, of which pointers tell only that: which of them a block
 * is, by the values in the common part.
 */
#ifndef TYPING_NATIVE_FAMILY_H
#define TYPING_NATIVE_FAMILY_H

#include <stdbool.h>

#include "typing/native/ctype.h"
#include "typing/native/native.h"

/* As ctype_find_fit, but that what others are derived from, and what is nothing but a link, are
 * never several. */
enum ctype_fit family_find_fit(struct native *n, const struct ctype *t, uint64_t size);
/* True: there is news. */
bool family_settle(struct native *n);

#endif
