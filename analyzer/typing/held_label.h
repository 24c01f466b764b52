/* SPDX-License-Identifier: MIT */
/*
 * Labels of blocks by the field that leads to them (typing/held.c): which fields there are, what
 * they hold, and what they are called.
 */
#ifndef TYPING_HELD_LABEL_H
#define TYPING_HELD_LABEL_H

#include "typing/field.h"

#define NO_LABEL  0u
#define ANY_FIELD UINT64_MAX

/* What one field of a type leads to. */
struct label {
	uint32_t type;
	const char *relation;
	uint64_t offset; /* of the field; ANY_FIELD: of no one */
};

struct labels {
	struct heap *heap;
	struct map ids;	     /* (type, relation) -> index in items */
	struct label *items; /* [nr], 0 is NO_LABEL */
	size_t nr, room;
	struct labelled_type *types; /* [nr_types] by type of the heap */
	size_t nr_types;
};

void labels_init(struct labels *l, struct heap *h);
void labels_deinit(struct labels *l);
/* The field of a type that leads to f->to, whatever names it; counted as such. */
uint32_t labels_get(struct labels *l, uint32_t type, uint64_t offset, const char *relation);
/* What a table, which the label leads to, leads to. */
uint32_t labels_get_element(struct labels *l, uint32_t label);
/* A field of that type, in one object, is not zero. */
void labels_count(struct labels *l, uint32_t type, uint64_t offset, const struct field *f);
/* Do three in four of the field's values lead to the start of a block?  Text, numbers and the rest
 * of what a union held before do not. */
bool labels_is_pointer(const struct labels *l, uint32_t label);
/* The label itself, or that of all fields of its type, where these are an array. */
uint32_t labels_unite(struct labels *l, uint32_t label);
/* The name, as a type of the heap, for a block of that size. */
uint32_t labels_make_type(struct labels *l, uint32_t label, uint64_t size);
/* Was the label given to blocks of several sizes?  Then they are arrays, whose words are no fields.
 */
bool labels_is_of_arrays(const struct labels *l, uint32_t type);

#endif
