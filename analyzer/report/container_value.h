/* SPDX-License-Identifier: MIT */
/*
 * What std:: containers, smart pointers, optionals and functions in an object hold, in one line
 * each.
 */
#ifndef REPORT_CONTAINER_VALUE_H
#define REPORT_CONTAINER_VALUE_H

#include "heap/heap.h"
#include "typing/native/ctype.h"

struct container_value {
	const char *type;	   /* "std::vector<Link *>": without what goes without saying */
	char *text;		   /* "3 items", "\"http://...\""; NULL: a pointer */
	uint64_t leads_to;	   /* address; 0: nowhere */
	const struct ctype *item;  /* of pointers: what they lead to; else NULL */
	const struct ctype *items; /* of what lies side by side at leads_to; NULL: nothing does */
	uint64_t items_size;	   /* bytes */
	const struct ctype *value; /* of what lies in the container itself, at its start, and is
				      told in its place; NULL: nothing does */
};

/*
 * The container of type t whose bytes are those.  False: it is none that is known, and its fields
 * say more.  The caller frees text.
 */
bool container_value_find(struct heap *h, const struct ctype *t, const uint8_t *bytes,
			  size_t text_max, struct container_value *ret);

#endif
