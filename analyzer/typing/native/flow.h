/* SPDX-License-Identifier: MIT */
/*
 * Where the result of an allocation goes: the instructions after the call are followed until the
 * value is gone, and each variable, field, parameter or return value of a known type that it comes
 * to is told.  A small abstract run: registers and stack words hold the block's address, a value of
 * a known type, or anything.
 */
#ifndef TYPING_NATIVE_FLOW_H
#define TYPING_NATIVE_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "typing/native/ctype.h"
#include "typing/native/native.h"

enum flow_end {
	FLOW_VARIABLE,	  /* a variable or an inlined function's parameter has the value */
	FLOW_STORE,	  /* stored to a field, an element or a global */
	FLOW_ARGUMENT,	  /* handed to a function */
	FLOW_CONSTRUCTOR, /* ... which is a constructor, as `this` */
	FLOW_RETURN,	  /* returned by the function itself */
};

/* pointer: the type of the place that it came to. */
typedef void flow_fn(void *arg, enum flow_end end, const struct ctype *pointer);

/* Follows rax from the return address of a call on.  True: the function returns the value.  Without
 * fn that is all that is found out, and no debug information is asked. */
bool flow_follow(struct native *n, uint64_t return_address, flow_fn *fn, void *arg);
void flow_close(struct native *n);

#endif
