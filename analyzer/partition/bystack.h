/* SPDX-License-Identifier: MIT */
/*
 * What rules about the allocating stack share: the name of each stack is worked out once.
 */
#ifndef PARTITION_BYSTACK_H
#define PARTITION_BYSTACK_H

#include "partition/partition.h"

/* Interned name of a stack; "" where it has none. */
typedef const char *stack_name_fn(struct heap *h, uint32_t stack);

/* A classifier that names an object by its stack; objects without a name are in the row `missing`.
 */
struct classifier *partition_create_bystack(struct heap *h, const char *header,
					    stack_name_fn *stack_name, const char *missing);

#endif
