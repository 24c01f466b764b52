/* SPDX-License-Identifier: MIT */
/*
 * From what is known to what it leads to: through the typed pointers of typed blocks, globals and
 * stack variables, until nothing new is learned.
 */
#ifndef TYPING_NATIVE_PROPAGATE_H
#define TYPING_NATIVE_PROPAGATE_H

#include "typing/native/native.h"

/* From all that has not been looked at yet. */
void propagate_run(struct native *n);
/* From an object of that type at addr, of which that is a guess. */
void propagate_object(struct native *n, const struct ctype *t, uint64_t addr);

#endif
