/* SPDX-License-Identifier: MIT */
/*
 * A set of objects: ascending node ids without repetition.  Immutable once made, reference counted:
 * partitions and expressions share them.
 */
#ifndef HEAP_NODESET_H
#define HEAP_NODESET_H

#include "heap/heap.h"

struct nodeset {
	uint32_t refs;
	uint32_t nr;
	uint64_t size; /* sum of requested sizes */
	node_id ids[];
};

struct nodeset *nodeset_create(const struct heap *h, node_id *ids,
			       uint32_t nr); /* sorts and drops repetitions in a copy */
struct nodeset *nodeset_create_all(const struct heap *h);
struct nodeset *nodeset_ref(struct nodeset *s);
void nodeset_unref(struct nodeset *s); /* NULL is fine */
struct nodeset *nodeset_and(const struct heap *h, const struct nodeset *a, const struct nodeset *b);
struct nodeset *nodeset_or(const struct heap *h, const struct nodeset *a, const struct nodeset *b);
struct nodeset *nodeset_minus(const struct heap *h, const struct nodeset *a,
			      const struct nodeset *b);
struct nodeset *nodeset_referrers(const struct heap *h,
				  const struct nodeset *s); /* objects only; needs the graph */
struct nodeset *nodeset_referents(const struct heap *h, const struct nodeset *s);

#endif
