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
