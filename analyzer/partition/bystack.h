/* SPDX-License-Identifier: MIT */
/*
 * What rules about the allocating stack share: the name of each stack is worked out once.
 */
#ifndef PARTITION_BYSTACK_H
#define PARTITION_BYSTACK_H

#include "partition/partition.h"

/* Interned name of an object by its stack, the same for all of Python's objects of one stack and
 * for all others of it; "" where it has none. */
typedef const char *site_name_fn(struct heap *h, node_id n);

/* A classifier that names an object by its stack; objects without a name are in the row `missing`.
 */
struct classifier *partition_create_bystack(struct heap *h, const char *header,
					    site_name_fn *site_name, const char *missing);

#endif
