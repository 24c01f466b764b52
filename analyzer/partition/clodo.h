/* SPDX-License-Identifier: MIT */
/*
 * Guppy's default kinds: the class of an object, and of a dict that is some object's __dict__ the
 * class of that: "dict of module".
 */
#ifndef PARTITION_CLODO_H
#define PARTITION_CLODO_H

#include "heap/heap.h"

struct clodo {
	struct heap *heap;
	uint32_t *owner_type;	 /* [nr_objects] type of whose __dict__ it is + 1; 0: nobody's */
	const char **dict_of;	 /* [nr_types] "dict of " that type; NULL until asked for */
	const char *python_dict; /* name of the type `dict`; NULL: no process of Python */
};

void clodo_init(struct clodo *c, struct heap *h);
void clodo_deinit(struct clodo *c);

/* A dict of Python and nothing derived from it. */
static inline bool clodo_is_dict(const struct clodo *c, node_id n)
{
	const struct type *type = object_type(c->heap, n);

	return type->name == c->python_dict && type->provenance == PROVENANCE_CPYTHON;
}
/* The kind's name.  Interned. */
const char *clodo_name(struct clodo *c, node_id n);

#endif
