/* SPDX-License-Identifier: MIT */
/*
 * Inside the makers of CPython's relation names: what they share and keep.
 */
#ifndef TYPING_CPYTHON_NAMES_H
#define TYPING_CPYTHON_NAMES_H

#include "base/map.h"
#include "typing/cpython/cpython.h"

struct cpython_member {
	uint64_t offset;
	const char *relation; /* interned */
	bool is_quiet;	      /* told only of objects that have no other */
};

/* The named words of one class's instances. */
struct cpython_members {
	bool is_known;
	struct cpython_member *items;
	size_t nr, capacity;
};

struct cpython_names {
	struct cpython_members *members; /* [nr_classes of cpython] */
	uint32_t nr_classes;
	struct map values; /* (key object, 0) -> "['key']", interned */
	struct map ranks; /* (dict's keys, 0) -> (uint32_t *): position of each entry among those in
			     use, for dicts with deleted entries */
	struct map keys;  /* (dict, key) -> position of the key; (dict, 0): they are there */
	struct map parts; /* (block that is a part of an object, 0) -> "->extra", interned */
	uint64_t general_lookup; /* up to 3.10: what dicts have for a function whose keys are not
				    all str; 0: not known yet */
	struct map deques; /* (block of a deque, 0) -> index of its first slot */
};

struct cpython_names *cpython_names_create(uint32_t nr_classes);
void cpython_names_destroy(struct cpython_names *names); /* NULL is fine */

/* The relation of the word at `offset` bytes in an instance of c: fixed members, tp_members,
 * __slots__,
 * __dict__.  NULL: none is there. */
const char *cpython_member_name(struct cpython *p, const struct cpython_class *c, uint64_t offset);
/* Is it one of those that are told only of objects that nothing else refers to? */
bool cpython_is_quiet_member(struct cpython *p, const struct cpython_class *c, uint64_t offset);
/* The other way round: where an instance of c has the attribute `name`.  False: in no such word. */
bool cpython_find_member(struct cpython *p, const struct cpython_class *c, const char *name,
			 uint64_t *offset);

/* The word at `offset` where instances of c have nothing but items from some place on:
 * "->b_array[3]"; NULL: they have not. */
const char *cpython_item_name(struct cpython *p, const struct cpython_class *c, uint64_t offset);

/* The word at addr of the object of class c at obj; NULL: it has no name. */
const char *cpython_object_word(struct cpython *p, const struct cpython_class *c, uint64_t obj,
				uint64_t addr);
/* The word at addr of a module's data or the interpreter's state; NULL: not known here. */
const char *cpython_static_word(struct cpython *p, uint64_t addr);
/* The type of what the word at addr is of, a static object's class or the interpreter's state;
 * NULL: it is of nothing known, "" where it is not worth telling. */
const char *cpython_static_holder(struct cpython *p, uint64_t addr);
/* Has the dict whose items these are (or has had) no keys but str? */
bool cpython_has_str_keys(struct cpython *p, const struct cpython_items *items);
/* "['key']" */
const char *cpython_value_name(struct cpython *p, uint64_t key);
/* The word at addr in the keys or values of the dict (of a class: the keys that its instances
 * share). */
const char *cpython_dict_word(struct cpython *p, uint64_t dict, uint64_t addr);
const char *cpython_shared_key_word(struct cpython *p, uint64_t keys, uint64_t addr);
/* The word at addr in the values, which begin at `values`, of attributes named by `keys`. */
const char *cpython_attribute_word(struct cpython *p, uint64_t keys, uint64_t values,
				   uint64_t addr);
/* The word at addr in block `part`, which counts for the object of class c at obj and is no table
 * of Python's own. */
const char *cpython_part_word(struct cpython *p, const struct cpython_class *c, uint64_t obj,
			      node_id part, uint64_t addr);

#endif
