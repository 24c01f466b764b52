/* SPDX-License-Identifier: MIT */
/*
 * Values of a CPython process as its programmer sees them: attributes, items, repr().  A value is
 * an address; it may lie outside of all blocks (small integers, None, static types).  Only what can
 * be told without running the program is told.
 */
#ifndef TYPING_CPYTHON_VALUE_H
#define TYPING_CPYTHON_VALUE_H

#include "typing/cpython/cpython.h"

#define CPYTHON_REPR_MAX 65536

/*
 * The attribute `name`: in the instance's dictionary, slots, C members, the class and its bases,
 * through a property that simply returns another attribute; else the same with `_name`, unless the
 * class says that `name` is something else.
 */
bool cpython_attribute(struct cpython *p, uint64_t object, const char *name, uint64_t *ret);
/* object.name, and nothing under another name. */
bool cpython_plain_attribute(struct cpython *p, uint64_t object, const char *name, uint64_t *ret);

/* Does the object's class have `name` as something that is worked out when it is asked for? */
bool cpython_is_computed(const struct cpython *p, uint64_t object, const char *name);

/* object[index] of a list or tuple, from the end where index is negative. */
bool cpython_item(const struct cpython *p, uint64_t object, int64_t index, uint64_t *ret);

/*
 * As Python's repr() prints it; a container inside a container is cut short, and everything after
 * max bytes.  What is none of the builtin values is "<m.Class at 0x7f..>".  The caller frees it.
 */
char *cpython_repr(const struct cpython *p, uint64_t object, size_t max);
/* The same; NULL where that would not say more than the class and the address. */
char *cpython_value_repr(const struct cpython *p, uint64_t object, size_t max);
/* What the dict has for an int; 0: nothing. */
uint64_t cpython_dict_find_number(const struct cpython *p, uint64_t dict, int64_t number);

/* An int that fits; false: no int, or a larger one. */
bool cpython_get_number(const struct cpython *p, uint64_t object, int64_t *ret);

#endif
