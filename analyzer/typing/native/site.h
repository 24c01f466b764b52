/* SPDX-License-Identifier: MIT */
/*
 * Which type the call at a site makes, by what becomes of its result.
 */
#ifndef TYPING_NATIVE_SITE_H
#define TYPING_NATIVE_SITE_H

#include <stdbool.h>
#include <stdint.h>

#include "typing/native/ctype.h"
#include "typing/native/flow.h"

#define SITE_CANDIDATES_MAX 12

/* What a return address tells of the blocks that its call returned. */
struct site_types {
	struct site_candidate {
		const struct ctype *type; /* what the block is one or more of */
		enum flow_end end;
	} candidates[SITE_CANDIDATES_MAX]; /* no type twice */
	unsigned int nr;
	const struct ctype *bytes; /* the character that a variable of it leads to; NULL: none */
	bool is_returned; /* by its function, whatever that calls it: its caller may know more */
	bool is_any;	  /* by a function that returns void * */
	bool has_tails;	  /* some of its blocks are no whole number of what they begin with */
};

/* Never NULL; kept. */
struct site_types *site_get_types(struct native *n, uint64_t return_address);

struct site_type {
	const struct ctype *type;
	struct site_types *site; /* that told it */
	enum ctype_fit fit;
	bool is_sure;  /* false: a guess */
	bool is_bytes; /* a guess: whoever had it last called it characters */
};
/* The type of a block of that stack and size.  False: the debug information does not tell. */
bool site_find_type(struct native *n, uint32_t stack, uint64_t size, struct site_type *ret);

#endif
