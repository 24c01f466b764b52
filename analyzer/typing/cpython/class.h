/* SPDX-License-Identifier: MIT */
/*
 * Inside the recogniser of CPython's objects: the classes, the folding of tables.
 */
#ifndef TYPING_CPYTHON_CLASS_H
#define TYPING_CPYTHON_CLASS_H

#include "typing/cpython/cpython.h"

#define CPYTHON_NO_CLASS UINT32_MAX

/* Index of the class whose type object is at addr, read on first use; CPYTHON_NO_CLASS: it is
 * none. */
uint32_t cpython_class_add(struct cpython *p, uint64_t addr);
/* Is that large, and are its items, that a class can be? */
bool cpython_has_sizes(const struct cpython_class *c);
/* Says what it is called by: an interned name. */
void cpython_class_name(struct cpython_class *c, const char *name);
/* One more, of which all is known. */
uint32_t cpython_class_append(struct cpython *p, const struct cpython_class *c);
/* Makes heap->cpython, of which nothing is known but the process. */
struct cpython *cpython_create_empty(struct heap *h);
/* Gives the types of all classes the names of their bases. */
void cpython_name_bases(struct cpython *p);
/* Bytes in front of its objects in their blocks. */
uint64_t cpython_object_head(const struct cpython *p, const struct cpython_class *c);

/* Words of its objects, of which bit i stands for word i, that a class of that name adds and that
 * hold nothing. */
uint64_t cpython_borrowed_words(const struct cpython *p, const char *class);
/* ... that lead to parts in which there are no references. */
uint64_t cpython_foreign_words(const char *class);
/* Where the objects of a class of that name have other objects only, to their end; 0: nowhere. */
uint64_t cpython_items_offset(const char *class);

/* Do the layouts that the process says it has (3.13) agree with its version's? */
bool cpython_check_offsets(const struct cpython *p);
/* After the objects are known: gives every table to its owner. */
void cpython_fold(struct cpython *p);
/* The type of a block that is a table of that kind. */
uint32_t cpython_table_type(struct cpython *p, enum cpython_table table);

#endif
