/* SPDX-License-Identifier: MIT */
/*
 * What in a block tells which of several structures it is: small numbers in the part that they have
 * in common, and the pointers in the rest.
 */
#ifndef TYPING_NATIVE_FAMILY_KEY_H
#define TYPING_NATIVE_FAMILY_KEY_H

#include <stdint.h>

#include "typing/native/ctype.h"
#include "typing/native/native.h"

#define FAMILY_KEYS_MAX 8

/* A number of at most four bytes. */
struct family_key {
	uint64_t offset;
	uint8_t size;	     /* bytes */
	uint8_t shift, bits; /* bits 0: all of them */
};

unsigned int family_find_keys(struct native *n, const struct ctype *base,
			      struct family_key keys[FAMILY_KEYS_MAX]);
uint64_t family_read_key(const struct family_key *key, const uint8_t *bytes);

enum family_answer {
	FAMILY_NO,    /* a pointer leads to something else, or nowhere */
	FAMILY_MAYBE, /* no pointer tells */
	FAMILY_YES,   /* pointers behind the common part lead to what they should, and all are right
		       */
};
/* Can those bytes, of which the first `common` are told, be a t? */
enum family_answer family_compare(struct native *n, const struct ctype *t, const uint8_t *bytes,
				  uint64_t size, uint64_t common);

#endif
