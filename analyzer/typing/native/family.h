/* SPDX-License-Identifier: MIT */
/*
 * Structures that begin with a common one, of which pointers tell only that: which of them a block
 * is, by the values in the common part.
 */
#ifndef TYPING_NATIVE_FAMILY_H
#define TYPING_NATIVE_FAMILY_H

#include <stdbool.h>

#include "typing/native/native.h"

/* True: there is news. */
bool family_settle(struct native *n);

#endif
