/* SPDX-License-Identifier: MIT */
/*
 * Where a type's name comes from, and what follows from that.
 */
#ifndef HEAP_PROVENANCE_H
#define HEAP_PROVENANCE_H

#include <stdbool.h>
#include <stdint.h>

enum provenance_traits {
	BY_NOTHING = 0,
	BY_VTABLE = 1,	 /* the object's own vtable says it */
	BY_DEBUG = 2,	 /* debug information says it, and it is no guess */
	BY_COMPILER = 4, /* the name is written as compilers write it */
	IS_ITSELF = 8,	 /* things of their own, whoever holds them */
	IS_NATIVE = 16,	 /* C and C++: of these a name is one type */
	IS_LABEL = 32,	 /* no type is known */
	/* What it says is sure, and alike for all its objects: what a field of one leads to, those
	 * of others do. */
	HAS_FIELDS = 64,
};

/* name, text, traits, summary.  info prints blocks and bytes of each. */
#define PROVENANCES(X) \
	X(TAG, "tag", IS_ITSELF | HAS_FIELDS, "named by the program (heapcensus_tag)") \
	X(CPYTHON, "cpython", IS_ITSELF, "CPython object, by its header and its class") \
	X(VTABLE_RTTI, "vtable-rtti", \
	  BY_VTABLE | BY_COMPILER | IS_ITSELF | IS_NATIVE | HAS_FIELDS, \
	  "C++ dynamic type by its type_info") \
	X(VTABLE_SYMBOL, "vtable-symbol", \
	  BY_VTABLE | BY_COMPILER | IS_ITSELF | IS_NATIVE | HAS_FIELDS, \
	  "C++ dynamic type by its _ZTV symbol") \
	X(VTABLE_SHAPE, "vtable-shape", BY_VTABLE | IS_ITSELF | HAS_FIELDS, \
	  "C++ class by the shape of its vtable: class@module+offset") \
	X(SHAPE, "shape", IS_NATIVE, "memory of a std:: container, by its words and exact sizes") \
	X(DWARF, "dwarf", BY_DEBUG | BY_COMPILER | IS_NATIVE | HAS_FIELDS, \
	  "by debug information of the place that allocated it") \
	X(PROPAGATED, "propagated", BY_DEBUG | BY_COMPILER | IS_NATIVE | HAS_FIELDS, \
	  "a typed pointer leads to it, and its size is right") \
	X(INFERRED, "inferred", BY_COMPILER | IS_NATIVE, "a guess by debug information") \
	X(LAYOUT, "layout", IS_NATIVE | HAS_FIELDS, "a known library's structure, by its layout") \
	X(CONTENT, "content", BY_NOTHING, \
	  "text, wide text, pointer arrays and zeroes, by their bytes") \
	X(HELD, "held", HAS_FIELDS, "labelled by the field that leads to it: web::Page.+0x18") \
	X(SITE, "site", IS_LABEL, "labelled by the function that allocated it") \
	X(NONE, "none", IS_LABEL, "nothing known: no stack, no contents")

enum provenance {
#define PROVENANCE_ENUM(name, text, traits, summary) PROVENANCE_##name,
	PROVENANCES(PROVENANCE_ENUM)
#undef PROVENANCE_ENUM
		NR_PROVENANCES,
};

struct provenance_info {
	const char *text, *summary;
	uint32_t traits; /* enum provenance_traits */
};

extern const struct provenance_info provenances[NR_PROVENANCES];

/* Is it one of those that have any of the traits? */
static inline bool provenance_is(enum provenance provenance, uint32_t traits)
{
	return provenances[provenance].traits & traits;
}

#endif
