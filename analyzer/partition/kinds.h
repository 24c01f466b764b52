/* SPDX-License-Identifier: MIT */
/*
 * Kinds of a rule whose kind is decided by a number or an interned name: gives out 0, 1, 2 ... and
 * keeps their names.
 */
#ifndef PARTITION_KINDS_H
#define PARTITION_KINDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/map.h"

struct kinds {
	struct map map;
	uint64_t *keys; /* [nr]: the key of each kind */
	size_t capacity;
	uint32_t nr;
};

void kinds_deinit(struct kinds *k);
/* The kind of a key, a new one where there is none. */
uint32_t kinds_get(struct kinds *k, uint64_t key);

/* The same with a string that outlives the kinds and is interned: pointer equality is equality. */
static inline uint32_t kinds_get_name(struct kinds *k, const char *name)
{
	return kinds_get(k, (uintptr_t)name);
}

static inline const char *kinds_name(const struct kinds *k, uint32_t kind)
{
	return (const char *)(uintptr_t)k->keys[kind];
}

#endif
