/* SPDX-License-Identifier: MIT */
/*
 * Types of C and C++ as data: what debug information says of them, without the debug information.
 * Types of one kind, name, size and layout are one ctype, whatever unit or module they come from;
 * two layouts of one name are two.  Typedefs and const are not types of their own: they are seen
 * through.  A ctype lives as long as its heap and never changes, apart from ctype_complete.
 */
#ifndef TYPING_NATIVE_CTYPE_H
#define TYPING_NATIVE_CTYPE_H

#include <stdbool.h>
#include <stdint.h>

struct native;

enum ctype_kind {
	CTYPE_VOID,
	CTYPE_BOOL,
	CTYPE_CHAR,
	CTYPE_INTEGER,
	CTYPE_FLOAT,
	CTYPE_ENUM,
	CTYPE_POINTER,
	CTYPE_REFERENCE,
	CTYPE_MEMBER_POINTER,
	CTYPE_FUNCTION,
	CTYPE_STRUCT, /* class, too */
	CTYPE_UNION,
	CTYPE_ARRAY,
};

enum ctype_flags {
	CTYPE_SIGNED = 1,
	CTYPE_INCOMPLETE = 2, /* only declared, as far as anybody has looked */
	CTYPE_CXX = 4,	      /* from C++: printed without "struct" */
	CTYPE_HAS_VPTR = 8,   /* of its own or of a base; known after ctype_complete */
	CTYPE_FLEXIBLE = 16, /* ends in an array of no told length, or of 0 or 1: may be longer than
				its size; known after ctype_complete */
	CTYPE_FLAGS_LIMIT = 32,
};

enum ctype_member_flags {
	CTYPE_MEMBER_BASE = 1,
	CTYPE_MEMBER_VIRTUAL_BASE = 2, /* offset is not known */
	CTYPE_MEMBER_VPTR = 4,
	CTYPE_MEMBER_FLAGS_LIMIT = 8,
};

struct ctype_member {
	const char *name; /* interned; "" anonymous */
	const struct ctype *type;
	uint64_t offset;    /* bytes */
	uint8_t bit_offset; /* of a bit field, from offset */
	uint8_t bit_size;   /* 0: no bit field */
	uint8_t flags;
};

struct ctype_enumerator {
	const char *name;
	int64_t value;
};

struct ctype {
	enum ctype_kind kind;
	uint32_t flags;
	const char *name; /* interned, as printed: "struct request", "web::Page", "char *" */
	uint64_t size;	  /* bytes; 0: not known */
	const struct ctype
		*target; /* pointer, reference: what it leads to; array: its element; enum: NULL */
	uint64_t nr_elements; /* array; 0: not told */

	/* Filled by ctype_complete. */
	bool is_complete;
	const struct ctype *definition; /* of a CTYPE_INCOMPLETE one that was found; else NULL */
	const struct ctype_member *members; /* [nr_members] by offset, bases first */
	uint32_t nr_members;
	const struct ctype_enumerator *enumerators; /* [nr_enumerators] */
	uint32_t nr_enumerators;
	const struct ctype **arguments; /* [nr_arguments] of a template, its types only */
	uint32_t nr_arguments;
};

/* The definition of t, with its members; t itself where there is none (still CTYPE_INCOMPLETE). */
const struct ctype *ctype_complete(struct native *n, const struct ctype *t);

static inline bool ctype_is_record(const struct ctype *t)
{
	return t->kind == CTYPE_STRUCT || t->kind == CTYPE_UNION;
}
/* Numbers and characters, and arrays of them. */
bool ctype_is_scalar(const struct ctype *t);
/* Does it consist of what only its DIE tells? */
static inline bool ctype_has_source(enum ctype_kind kind)
{
	return kind == CTYPE_STRUCT || kind == CTYPE_UNION || kind == CTYPE_ENUM;
}
static inline bool ctype_is_pointer(const struct ctype *t)
{
	return t->kind == CTYPE_POINTER || t->kind == CTYPE_REFERENCE;
}

/* The debug information has a type here that cannot be read. */
static inline bool ctype_is_unknown(const struct ctype *t)
{
	return t->kind == CTYPE_VOID && !*t->name;
}

/* Made by need, one each; of what is unknown, that itself. */
const struct ctype *ctype_get_pointer(struct native *n, const struct ctype *target);
const struct ctype *ctype_get_array(struct native *n, const struct ctype *element, uint64_t nr);
/* What new[] makes of elements that have destructors: their number in a word, then nr of them. */
const struct ctype *ctype_get_counted(struct native *n, const struct ctype *element, uint64_t nr);

const struct ctype *ctype_get_reference(struct native *n, const struct ctype *target);
const struct ctype *ctype_get_scalar(struct native *n, enum ctype_kind kind, const char *name,
				     uint64_t size, uint32_t flags);
/* Structs, unions and enumerations, by interned name and what else tells them apart. */
struct ctype *ctype_find_record(struct native *n, const char *name, uint64_t layout);
struct ctype *ctype_add_record(struct native *n, enum ctype_kind kind, const char *name,
			       uint64_t size, uint64_t layout);

/*
 * The scalar, pointer or union that lies at offset of t, through members, bases and elements.  A
 * union stops the descent.  NULL: nothing begins there.  *base: where in t it begins (== offset but
 * for unions).
 */
const struct ctype *ctype_find_at(struct native *n, const struct ctype *t, uint64_t offset,
				  uint64_t *base);
/* The member of a complete record that holds offset; the last such of a union.  NULL: padding. */
const struct ctype_member *ctype_find_member(const struct ctype *t, uint64_t offset);
/* What of a complete type holds *offset, which is counted from its start then: the element of an
 * array, the member of a struct.  NULL: there is none. */
const struct ctype *ctype_step_into(const struct ctype *t, uint64_t *offset);
/* Is an object of `outer` at its start one of `inner`, too: its first base class or member? */
bool ctype_begins_with(struct native *n, const struct ctype *outer, const struct ctype *inner);

/* Has `outer` the members of the record `inner`, two or more, before its own, by name, place and
 * type: the usual way to derive a structure in C? */
bool ctype_extends(struct native *n, const struct ctype *outer, const struct ctype *inner);

/* How a block of size bytes can be one or more of t. */
enum ctype_fit {
	CTYPE_FIT_NONE,	    /* too small, or t has no size */
	CTYPE_FIT_EXACT,    /* one */
	CTYPE_FIT_MANY,	    /* a whole number of them, more than one */
	CTYPE_FIT_FLEXIBLE, /* one and the rest of its last array */
	CTYPE_FIT_TAIL,	    /* one, and more bytes behind it */
};
enum ctype_fit ctype_find_fit(struct native *n, const struct ctype *t, uint64_t size);

#endif
