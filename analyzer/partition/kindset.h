/* SPDX-License-Identifier: MIT */
/*
 * Sets of names as kinds, for rules that ask "by which relations", "by which types".  Every set is
 * kept once (hash-consed) and has the number it was first met with; nothing is kept an object.  The
 * name of a set is its members' names, sorted bytewise, joined with ", ".
 */
#ifndef PARTITION_KINDSET_H
#define PARTITION_KINDSET_H

#include <stdbool.h>

#include "partition/kinds.h"

struct kindsets {
	struct kinds members; /* of interned strings */
	uint32_t *seen;	      /* [member]: round in which it was last added */
	size_t nr_seen;
	uint32_t round;
	uint32_t *current; /* members of the set that is being made */
	size_t nr_current, current_capacity;

	uint32_t *items; /* all sets, one after the other, each ascending */
	size_t nr_items, items_capacity;
	struct kindset *sets; /* [nr_sets] */
	size_t sets_capacity;
	uint32_t nr_sets;
	uint32_t *slots; /* hash table: set number + 1, 0 free */
	size_t nr_slots; /* 0 or a power of two, more than half free */
};

/* The text of a member in a set's name; the caller frees it. */
typedef char *kindset_text_fn(const char *member);

void kindsets_deinit(struct kindsets *k);
/* Make a set: begin, add members in any order and as often as they come, end gives its number. */
void kindset_begin(struct kindsets *k);
void kindset_add(struct kindsets *k, const char *member);
static inline bool kindset_is_empty(const struct kindsets *k)
{
	return !k->nr_current;
}
uint32_t kindset_end(struct kindsets *k);
/* Kept from the first call on. */
const char *kindset_name(struct kindsets *k, uint32_t set, kindset_text_fn *text);

#endif
