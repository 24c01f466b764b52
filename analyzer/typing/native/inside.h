/* SPDX-License-Identifier: MIT */
/*
 * Objects inside of arenas by debug information: what typed pointers lead to in the middle of
 * blocks that are none of one type.
 */
#ifndef TYPING_NATIVE_INSIDE_H
#define TYPING_NATIVE_INSIDE_H

#include "typing/native/native.h"

/* After all blocks are believed to be what they are. */
void inside_settle(struct native *n);

#endif
