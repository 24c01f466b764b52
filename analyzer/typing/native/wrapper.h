/* SPDX-License-Identifier: MIT */
/*
 * Allocation wrappers that no list knows: functions that return what they have allocated, in many
 * sizes, to many callers.
 */
#ifndef TYPING_NATIVE_WRAPPER_H
#define TYPING_NATIVE_WRAPPER_H

#include "typing/native/native.h"

/* Tells the heap of every one; before names of sites are asked for. */
void wrapper_find_all(struct native *n);

#endif
