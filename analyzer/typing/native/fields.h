/* SPDX-License-Identifier: MIT */
/*
 * The fields of an object one by one, down to scalars, pointers and arrays of characters, as a
 * debugger lists them.  Every member of a union is told.  Elements of an array that are alike and
 * side by side are told once.
 */
#ifndef TYPING_NATIVE_FIELDS_H
#define TYPING_NATIVE_FIELDS_H

#include "typing/native/ctype.h"
#include "typing/native/native.h"

struct field {
	const char *path;	      /* ".link.next", ".items[3..9].name"; good during the call */
	const struct ctype *type;     /* no record that has members, no array but of characters */
	uint64_t offset;	      /* from the object's start */
	uint64_t size;		      /* bytes */
	uint8_t bit_offset, bit_size; /* of a bit field, else bit_size is 0 */
	uint64_t nr_left_out; /* not 0: so many more elements of the array at path are not told */
};

typedef void field_fn(void *arg, const struct field *f);
/* A record, all of which is there: true, when its members are not to be told. */
typedef bool record_fn(void *arg, const struct field *f);

struct fields_options {
	const char *prefix;    /* of every path; "" */
	uint64_t elements_max; /* of one array, runs of equal ones counted as one */
	field_fn *fn;
	record_fn *record;
	void *arg;
};

/*
 * An object of type t whose bytes are those, size of them: all of it, or, where t is larger, what
 * there is; what is behind t is not told, but for the rest of its last array.
 */
void fields_each(struct native *n, const struct ctype *t, const uint8_t *bytes, uint64_t size,
		 const struct fields_options *options);

#endif
