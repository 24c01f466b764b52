/* SPDX-License-Identifier: MIT */
/*
 * Fields of objects whose class is known without debug information.
 */
#ifndef TYPING_NATIVE_POLYMORPHIC_H
#define TYPING_NATIVE_POLYMORPHIC_H

#include "typing/native/native.h"

/* Gives blocks whose type a vtable or a tag tells the layout that debug information has of it.
 * Their names stay. */
void polymorphic_settle(struct native *n);

#endif
