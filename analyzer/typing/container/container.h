/* SPDX-License-Identifier: MIT */
/*
 * Memory of std:: containers, of libstdc++ and libc++, recognised by its shape: somewhere in a
 * block, a global or on a stack lie the words of a container object, { begin, end, end of room },
 * { text, length, capacity }, the header of a tree ..., and every block that they lead to has
 * exactly the size that the container would have asked of operator new.  Needs neither symbols nor
 * debug information, and says nothing of the types of what is inside.
 */
#ifndef TYPING_CONTAINER_CONTAINER_H
#define TYPING_CONTAINER_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "heap/heap.h"

/* What a block is to its container.  name, type as printed where no more is known, flags */
#define CONTAINER_ROLES(X) \
	X(TEXT, "std::string text", TYPE_NO_POINTERS | TYPE_LEAF) \
	X(TEXT16, "std::u16string text", TYPE_NO_POINTERS | TYPE_LEAF) \
	X(TEXT32, "std::wstring/u32string text", TYPE_NO_POINTERS | TYPE_LEAF) \
	X(ITEMS, "std::vector items", 0) \
	X(BITS, "std::vector<bool> items", TYPE_NO_POINTERS | TYPE_LEAF) \
	X(LIST_NODE, "std::list node", 0) \
	X(TREE_NODE, "std::set/map node", 0) \
	X(HASH_NODE, "std::unordered_set/map node", 0) \
	X(BUCKETS, "std::unordered_set/map buckets", 0) \
	X(DEQUE_CHUNK, "std::deque chunk", 0) \
	X(DEQUE_MAP, "std::deque map", 0)

enum container_role {
	CONTAINER_NONE,
#define CONTAINER_ROLE_ENUM(name, type, flags) CONTAINER_##name,
	CONTAINER_ROLES(CONTAINER_ROLE_ENUM)
#undef CONTAINER_ROLE_ENUM
		NR_CONTAINER_ROLES,
};

bool container_has_no_pointers(enum container_role role);

/* A block that belongs to a container. */
struct container_part {
	enum container_role role;
	node_id holder;	     /* block or root that the container object lies in; NODE_NONE: several
				claim it */
	uint64_t offset;     /* of a word of that object in the holder */
	bool is_llvm;	     /* libc++'s */
	uint64_t start, end; /* bytes of it that hold something; the rest is room */
};

/* What block n is; NULL: no container's. */
const struct container_part *container_find_part(const struct heap *h, node_id n);

/* Of types of containers' blocks. */
extern const struct type_ops container_ops;
/* Each block counts for the object that the container lies in (heap/fold.h). */
void container_offer_parts(struct heap *h);

#endif
