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
	X(FORWARD_NODE, "std::forward_list node", 0) \
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

/* Some words look as if it belonged to a vector, but more refers to it: whoever knows that it is an
 * array takes it for one.  NULL: there are no such words. */
const struct container_part *container_accept_items(struct heap *h, node_id n);

/* Somebody knows that it is no container's after all. */
void container_disown(struct heap *h, node_id n);

/* Is it a node with links in front of its value? */
bool container_is_node(enum container_role role);
/* The name of the link at that offset of a node, ".next"; NULL: there is none. */
const char *container_find_link(const struct container_part *part, uint64_t offset);

/* Templates; all but the multi kinds and forward_list look alike without names.  name, text, shape
 * that knows it (shape.h), where in the object the word is that it is asked of: of libstdc++,
 * libc++ */
#define CONTAINER_FAMILIES(X) \
	X(STRING, "basic_string", shape_string, 0, 16) \
	X(VECTOR, "vector", shape_vector, 0, 0) \
	X(LIST, "list", shape_list, 0, 0) \
	X(FORWARD_LIST, "forward_list", shape_forward_list, 0, 0) \
	X(DEQUE, "deque", shape_deque, 0, 0) \
	X(SET, "set", shape_tree, 16, 8) \
	X(MULTISET, "multiset", shape_tree, 16, 8) \
	X(MAP, "map", shape_tree, 16, 8) \
	X(MULTIMAP, "multimap", shape_tree, 16, 8) \
	X(UNORDERED_SET, "unordered_set", shape_hash, 0, 0) \
	X(UNORDERED_MULTISET, "unordered_multiset", shape_hash, 0, 0) \
	X(UNORDERED_MAP, "unordered_map", shape_hash, 0, 0) \
	X(UNORDERED_MULTIMAP, "unordered_multimap", shape_hash, 0, 0)

enum container_family {
#define CONTAINER_FAMILY_ENUM(name, text, shape, gnu, llvm) CONTAINER_FAMILY_##name,
	CONTAINER_FAMILIES(CONTAINER_FAMILY_ENUM)
#undef CONTAINER_FAMILY_ENUM
		NR_CONTAINER_FAMILIES,
};

/* Somebody knows that there is a container. */
struct container_object {
	enum container_family family;
	bool is_llvm;
	uint64_t addr, size;
	node_id holder; /* block or root that it lies in */
	uint64_t offset;
	bool is_passing; /* on a stack: it may not be made yet, or be no more */
};

typedef void container_part_fn(void *arg, node_id block, const struct container_part *part);
/* Calls fn for the blocks of the container, which from now on are known to be its own.  None where
 * its words do not fit. */
void container_read(struct heap *h, const struct container_object *o, container_part_fn *fn,
		    void *arg);

/* Types that only the library's insides have get the names of what they belong to (name.h). */
void container_rename_types(struct heap *h);
/* Of types of containers' blocks. */
extern const struct type_ops container_ops;
/* Each block counts for the object that the container lies in (heap/fold.h). */
void container_offer_parts(struct heap *h);

#endif
