/* SPDX-License-Identifier: MIT */
/*
 * The typed pointers in an object of a type, flat: what the propagation follows.  Words of unions,
 * and pointers to void and to functions, are not among them: nobody knows what they lead to.
 */
#ifndef TYPING_NATIVE_LAYOUT_H
#define TYPING_NATIVE_LAYOUT_H

#include <stdbool.h>

#include "typing/native/ctype.h"
#include "typing/native/native.h"

struct layout {
	struct layout_pointer {
		uint64_t offset;
		const struct ctype *target;
	} * pointers; /* [nr] by offset */
	size_t nr;
	uint64_t *functions; /* [nr_functions] offsets of pointers to functions */
	size_t nr_functions;
	struct layout_container {
		uint64_t offset;
		const struct ctype *type;
	} * containers; /* [nr_containers] std:: containers; their insides are not in pointers */
	size_t nr_containers;
	struct layout_union {
		uint64_t offset;
		const struct ctype *type;
	} * unions; /* [nr_unions] that are at least a word, by offset */
	size_t nr_unions;
	const struct ctype *rest; /* element of the open array at its end; NULL: it has none */
	uint64_t rest_offset;
};

/* Is there anything to follow? */
static inline bool layout_is_empty(const struct layout *l)
{
	return !l->nr && !l->nr_containers && !l->nr_unions;
}

/* Never NULL; kept. */
const struct layout *layout_get(struct native *n, const struct ctype *t);

/* Has it a pointer to its own kind? */
bool layout_links_to_itself(struct native *n, const struct ctype *t);
/*
 * Could those bytes, len of them, be an object of type t: do its pointers lead anywhere, and those
 * to functions to code?  The beginning of one where len is less than its size.
 */
bool layout_is_plausible(struct native *n, const struct ctype *t, const uint8_t *bytes,
			 uint64_t len);

#endif
