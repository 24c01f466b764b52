/* SPDX-License-Identifier: MIT */
/*
 * A hash table from a pair of numbers to one number, for caches: it only grows.
 * Open addressing, at most half full; a slot whose value is MAP_EMPTY is free, so MAP_EMPTY is not
 * a value.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#define MAP_EMPTY UINT64_MAX

struct map_slot {
	uint64_t a, b;
	uint64_t value;
};

/* All zero is an empty map. */
struct map {
	struct map_slot *slots;
	size_t nr_slots; /* 0 or a power of two */
	size_t nr_used;
};

void map_deinit(struct map *m);
/*
 * The value of (a, b).  A new pair's value is MAP_EMPTY and the caller must store one before it
 * calls again.  The pointer is good until the next call.
 */
uint64_t *map_find_or_insert(struct map *m, uint64_t a, uint64_t b);
/* The value of (a, b), MAP_EMPTY where there is none.  Several threads may ask at once. */
uint64_t map_find(const struct map *m, uint64_t a, uint64_t b);

#endif
