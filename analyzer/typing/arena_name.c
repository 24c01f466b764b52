/* SPDX-License-Identifier: MIT */
/*
 * Arenas of one site have one name: what most of the objects in them are.
 */
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "typing/arena.h"

#define ROUND_SLACK 64u /* a slab's own header, or malloc's */
#define PAGE	    4096u
#define NAMES_MAX   3u

static bool is_near(uint64_t size, uint64_t round)
{
	return size <= round ? round - size <= ROUND_SLACK : size - round <= ROUND_SLACK;
}

bool arena_is_round(uint64_t size)
{
	const uint64_t power = 1ull << (63 - __builtin_clzll(size));

	return is_near(size, power) || is_near(size, power * 2) ||
	       is_near(size, (size + PAGE / 2) / PAGE * PAGE);
}

struct type_count {
	uint32_t stack, type;
	uint64_t nr;
};

static int compare_counts(const void *a, const void *b)
{
	const struct type_count *x = a, *y = b;

	if (x->stack != y->stack)
		return x->stack < y->stack ? -1 : 1;
	if (x->nr != y->nr)
		return x->nr > y->nr ? -1 : 1;
	return (x->type > y->type) - (x->type < y->type);
}

/* How many objects of each type each site has, by site, most first.  The caller frees it. */
static struct type_count *count_types(const struct heap *h, const struct interior *inside,
				      size_t nr_inside, size_t *nr)
{
	struct map counts = { 0 };
	struct type_count *list;

	for (size_t i = 0; i < nr_inside; i++) {
		uint64_t *count = map_find_or_insert(
			&counts, dump_blocks(h->dump)->stack[inside[i].arena], inside[i].type);

		*count = *count == MAP_EMPTY ? 1 : *count + 1;
	}
	list = xcalloc(counts.nr_used + 1, sizeof(*list));
	*nr = 0;
	for (size_t i = 0; i < counts.nr_slots; i++) {
		const struct map_slot *slot = &counts.slots[i];

		if (slot->value != MAP_EMPTY)
			list[(*nr)++] = (struct type_count){ (uint32_t)slot->a, (uint32_t)slot->b,
							     slot->value };
	}
	map_deinit(&counts);
	qsort(list, *nr, sizeof(*list), compare_counts);
	return list;
}

static uint32_t arena_type(struct heap *h, const struct type_count *list, size_t nr)
{
	_cleanup_free_ char *names = xstrdup(h->types[list[0].type].name);

	for (size_t i = 1; i < nr && i < NAMES_MAX; i++) {
		_cleanup_free_ char *before = names;

		names = xasprintf("%s, %s", before, h->types[list[i].type].name);
	}

	_cleanup_free_ char *name = xasprintf("arena (%s%s)", names, nr > NAMES_MAX ? ", ..." : "");

	return heap_intern_type(h, name, h->types[list[0].type].provenance, 0);
}

void arena_name(struct heap *h, const struct interior *inside, size_t nr_inside)
{
	size_t nr, end;
	_cleanup_free_ struct type_count *list = count_types(h, inside, nr_inside, &nr);
	struct map types = { 0 }; /* (stack, 0) -> type */

	for (size_t i = 0; i < nr; i = end) {
		for (end = i; end < nr && list[end].stack == list[i].stack; end++)
			;
		*map_find_or_insert(&types, list[i].stack, 0) = arena_type(h, list + i, end - i);
	}
	for (size_t i = 0; i < nr_inside; i++) {
		const node_id n = inside[i].arena;

		h->type[n] = (uint32_t)map_find(&types, dump_blocks(h->dump)->stack[n], 0);
	}
	map_deinit(&types);
}
