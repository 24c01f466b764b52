/* SPDX-License-Identifier: MIT */
/*
 * Types that are std:: containers, and types for the blocks that belong to them: debug information
 * has none for a vector's items, and a tree's nodes are reached by pointers to something smaller.
 */
#ifndef TYPING_NATIVE_CONTAINER_H
#define TYPING_NATIVE_CONTAINER_H

#include "typing/container/container.h"
#include "typing/native/ctype.h"
#include "typing/native/native.h"

struct container_type {
	enum container_family family;
	bool is_llvm;
	const char *name;	   /* "std::map<int, Page>" */
	const struct ctype *value; /* "std::pair<const int, Page>"; NULL: not known */
};

/* NULL: t is no container. */
const struct container_type *container_type_of(struct native *n, const struct ctype *t);
/* What a block of that size is to such a container: "std::map<int, Page> node", with .next and the
 * like.  Its values are members, or elements of an array that is as long as the block. */
const struct ctype *container_part_type(struct native *n, const struct container_type *type,
					const struct container_part *part, uint64_t size);
/* A vector's items or a deque's chunk, of elements that are known by another way; NULL: they do not
 * fit. */
const struct ctype *container_items_of(struct native *n, const struct container_part *part,
				       const struct ctype *element, uint64_t size);

/* Of types of blocks that belong to containers and whose values are known. */
extern const struct type_ops container_typed_ops;

#endif
