/* SPDX-License-Identifier: MIT */
/*
 * The words of a block or of a module's data that are not zero, each as a field of a type.
 * Strings, lists and the like are parts of larger objects and of variables: a vtable begins an
 * object of its class, whose size another block tells, and fields are counted from there.
 */
#ifndef TYPING_FIELD_H
#define TYPING_FIELD_H

#include "typing/recogniser.h"

struct field {
	node_id from; /* a block or a root */
	node_id to;   /* it points at the start of this one, which is an object; NODE_NONE: it holds
			 something else, but not zero */
	uint64_t word;
	uint64_t offset; /* in from */
	uint32_t part;	 /* the class of the part that the field lies in; TYPE_UNSURE: in none */
	uint64_t part_offset; /* in it */
};

typedef void field_fn(void *arg, const struct field *f);

struct fields {
	struct typing *typing;
	uint64_t low, high;	/* every block lies in [low, high) */
	struct map class_sizes; /* (type, 0) -> size of the blocks that are one; 0: they differ */
	uint64_t vtables_low, vtables_high; /* their vtables lie in [low, high) */
};

/* When every block has its type. */
void fields_init(struct fields *s, struct typing *t);
void fields_deinit(struct fields *s);
/* The block at whose start word points; NODE_NONE: at none, or at one that is no object. */
node_id fields_find_target(const struct fields *s, uint64_t word);
void fields_each_of_block(struct fields *s, node_id n, field_fn *fn, void *arg);
/* Of modules' data. */
void fields_each_of_roots(struct fields *s, field_fn *fn, void *arg);

#endif
