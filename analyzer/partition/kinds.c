/* SPDX-License-Identifier: MIT */
/*
 * Dense numbers for keys.
 */
#include "partition/kinds.h"

#include <stdlib.h>

#include "base/mem.h"

void kinds_deinit(struct kinds *k)
{
	map_deinit(&k->map);
	free(k->keys);
}

uint32_t kinds_get(struct kinds *k, uint64_t key)
{
	uint64_t *kind = map_find_or_insert(&k->map, key, 0);

	if (*kind == MAP_EMPTY) {
		k->keys = array_grow(k->keys, k->nr, &k->capacity, sizeof(*k->keys));
		k->keys[k->nr] = key;
		*kind = k->nr++;
	}
	return (uint32_t)*kind;
}
