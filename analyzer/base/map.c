/* SPDX-License-Identifier: MIT */
/*
 * A growing hash table from number pairs to numbers: base/map.h has the rules.
 */
#include "base/map.h"

#include <stdlib.h>

#include "base/mem.h"

#define MAP_FIRST_SLOTS 64

static uint64_t map_hash(uint64_t a, uint64_t b)
{
	uint64_t h = a * 0x9e3779b97f4a7c15ull ^ (b + 0x7f4a7c15ull) * 0xc2b2ae3d27d4eb4full;

	h ^= h >> 29;
	h *= 0xbf58476d1ce4e5b9ull;
	return h ^ h >> 32;
}

static struct map_slot *map_probe(const struct map *m, uint64_t a, uint64_t b)
{
	size_t i = map_hash(a, b) & (m->nr_slots - 1);

	while (m->slots[i].value != MAP_EMPTY && (m->slots[i].a != a || m->slots[i].b != b))
		i = (i + 1) & (m->nr_slots - 1);
	return &m->slots[i];
}

static void map_grow(struct map *m)
{
	const struct map old = *m;

	m->nr_slots = old.nr_slots ? old.nr_slots * 2 : MAP_FIRST_SLOTS;
	m->slots = xcalloc(m->nr_slots, sizeof(*m->slots));
	for (size_t i = 0; i < m->nr_slots; i++)
		m->slots[i].value = MAP_EMPTY;
	for (size_t i = 0; i < old.nr_slots; i++) {
		if (old.slots[i].value != MAP_EMPTY)
			*map_probe(m, old.slots[i].a, old.slots[i].b) = old.slots[i];
	}
	free(old.slots);
}

void map_deinit(struct map *m)
{
	free(m->slots);
	*m = (struct map){ 0 };
}

uint64_t *map_find_or_insert(struct map *m, uint64_t a, uint64_t b)
{
	if (m->nr_used * 2 >= m->nr_slots)
		map_grow(m);

	struct map_slot *slot = map_probe(m, a, b);

	if (slot->value == MAP_EMPTY) {
		slot->a = a;
		slot->b = b;
		m->nr_used++;
	}
	return &slot->value;
}

uint64_t map_find(const struct map *m, uint64_t a, uint64_t b)
{
	return m->nr_slots ? map_probe(m, a, b)->value : MAP_EMPTY;
}
