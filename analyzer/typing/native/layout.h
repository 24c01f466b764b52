/* SPDX-License-Identifier: MIT */
/*
 * The typed pointers in an object of a type, flat: what the propagation follows.  Words of unions,
 * and pointers to void and to functions, are not among them: nobody knows what they lead to.
 */
#ifndef TYPING_NATIVE_LAYOUT_H
#define TYPING_NATIVE_LAYOUT_H

#include "typing/native/ctype.h"
#include "typing/native/native.h"

struct layout {
	struct layout_pointer {
		uint64_t offset;
		const struct ctype *target;
	} *pointers; /* [nr] by offset */
	size_t nr;
	const struct ctype *rest; /* element of the open array at its end; NULL: it has none */
	uint64_t rest_offset;
};

/* Never NULL; kept. */
const struct layout *layout_get(struct native *n, const struct ctype *t);

#endif
