/* SPDX-License-Identifier: MIT */
/*
 * Reading C++ run-time type information out of a dump.
 */
#ifndef TYPING_RTTI_H
#define TYPING_RTTI_H

#include "typing/recogniser.h"

/* The word at addr, from the dump or else from the module's file.  False: unknown. */
bool rtti_read_word(struct typing *t, uint64_t addr, uint64_t *ret);
/*
 * The class that the type_info at addr describes, demangled.  NULL unless the object's own class is
 * one of the three of __cxxabiv1 that describe classes, and the name is a mangled type's.  Lives as
 * long as the heap.
 */
const char *rtti_class_name(struct typing *t, uint64_t addr);
/* The classes it derives from, as struct type's bases.  Lives as long as the heap. */
const char *rtti_base_names(struct typing *t, uint64_t addr);
/* The class of a symbol "_ZTV...", demangled; NULL: no such symbol. */
const char *rtti_vtable_symbol_name(struct typing *t, const char *symbol);

#endif
