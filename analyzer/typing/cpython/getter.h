/* SPDX-License-Identifier: MIT */
/*
 * What a property's getter returns where no more than attributes have to be looked up for it, read
 * from its instructions; inside the rooms of CPython's values.
 */
#ifndef TYPING_CPYTHON_GETTER_H
#define TYPING_CPYTHON_GETTER_H

#include "typing/cpython/cpython.h"

#define CPYTHON_GETTER_NAMES 4 /* self.a.b.c.d */

struct cpython_getter {
	uint64_t names[CPYTHON_GETTER_NAMES]; /* strs, from self on */
	size_t nr;
	uint64_t constant; /* an object, where nr is 0 */
};

/*
 * `return self.a.b` or `return constant`, in a try or not, which is what it does unless an
 * attribute is missing.  False: it does something else, or this cannot be told.
 */
bool cpython_read_getter(struct cpython *p, uint64_t property, struct cpython_getter *ret);

/* Does the getter, whatever it does before, end in `return self.name`? */
bool cpython_getter_ends(struct cpython *p, uint64_t property, const char *name);

#endif
