/* SPDX-License-Identifier: MIT */
/*
 * Hash-consed sets of names.
 */
#include "partition/kindset.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct kindset {
	size_t first; /* in items */
	uint32_t nr;
	uint32_t hash;
	char *name; /* NULL until asked for */
};

void kindsets_deinit(struct kindsets *k)
{
	for (uint32_t i = 0; i < k->nr_sets; i++)
		free(k->sets[i].name);
	kinds_deinit(&k->members);
	free(k->seen);
	free(k->current);
	free(k->items);
	free(k->sets);
	free(k->slots);
}

void kindset_begin(struct kindsets *k)
{
	k->nr_current = 0;
	if (++k->round == 0) {
		memset(k->seen, 0, k->nr_seen * sizeof(*k->seen));
		k->round = 1;
	}
}

void kindset_add(struct kindsets *k, const char *member)
{
	const uint32_t number = kinds_get_name(&k->members, member);

	if (number >= k->nr_seen) {
		const size_t old = k->nr_seen;

		k->nr_seen = number * 2ul + 64;
		k->seen = xrealloc(k->seen, k->nr_seen, sizeof(*k->seen));
		memset(k->seen + old, 0, (k->nr_seen - old) * sizeof(*k->seen));
	}
	if (k->seen[number] == k->round)
		return;
	k->seen[number] = k->round;
	k->current =
		array_grow(k->current, k->nr_current, &k->current_capacity, sizeof(*k->current));
	k->current[k->nr_current++] = number;
}

static int compare_numbers(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t hash_current(const struct kindsets *k)
{
	uint64_t hash = k->nr_current;

	for (size_t i = 0; i < k->nr_current; i++) {
		hash = (hash ^ k->current[i]) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 29;
	}
	return (uint32_t)(hash >> 16);
}

static void grow_slots(struct kindsets *k)
{
	free(k->slots);
	k->nr_slots = k->nr_slots ? k->nr_slots * 2 : 256;
	k->slots = xcalloc(k->nr_slots, sizeof(*k->slots));
	for (uint32_t i = 0; i < k->nr_sets; i++) {
		size_t slot = k->sets[i].hash & (k->nr_slots - 1);

		while (k->slots[slot])
			slot = (slot + 1) & (k->nr_slots - 1);
		k->slots[slot] = i + 1;
	}
}

static bool is_current(const struct kindsets *k, const struct kindset *set, uint32_t hash)
{
	return set->hash == hash && set->nr == k->nr_current &&
	       (!set->nr ||
		!memcmp(k->items + set->first, k->current, set->nr * sizeof(*k->items)));
}

static uint32_t append_current(struct kindsets *k, uint32_t hash)
{
	k->sets = array_grow(k->sets, k->nr_sets, &k->sets_capacity, sizeof(*k->sets));
	k->sets[k->nr_sets] = (struct kindset){ .first = k->nr_items,
						.nr = (uint32_t)k->nr_current,
						.hash = hash };
	for (size_t i = 0; i < k->nr_current; i++) {
		k->items = array_grow(k->items, k->nr_items, &k->items_capacity, sizeof(*k->items));
		k->items[k->nr_items++] = k->current[i];
	}
	return k->nr_sets++;
}

uint32_t kindset_end(struct kindsets *k)
{
	uint32_t hash;
	size_t slot;

	if (k->nr_current > 1)
		qsort(k->current, k->nr_current, sizeof(*k->current), compare_numbers);
	if (k->nr_sets * 2ul >= k->nr_slots)
		grow_slots(k);
	hash = hash_current(k);
	slot = hash & (k->nr_slots - 1);
	while (k->slots[slot]) {
		if (is_current(k, &k->sets[k->slots[slot] - 1], hash))
			return k->slots[slot] - 1;
		slot = (slot + 1) & (k->nr_slots - 1);
	}
	k->slots[slot] = append_current(k, hash) + 1;
	return k->slots[slot] - 1;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *join(char **texts, uint32_t nr)
{
	size_t len = 1;
	char *joined, *end;

	for (uint32_t i = 0; i < nr; i++)
		len += strlen(texts[i]) + 2;
	joined = end = xmalloc(len);
	*end = '\0';
	for (uint32_t i = 0; i < nr; i++) {
		end = stpcpy(end, i ? ", " : "");
		end = stpcpy(end, texts[i]);
	}
	return joined;
}

const char *kindset_name(struct kindsets *k, uint32_t number, kindset_text_fn *text)
{
	struct kindset *set = &k->sets[number];
	_cleanup_free_ char **texts = NULL;

	if (set->name)
		return set->name;
	texts = xcalloc(set->nr + 1ul, sizeof(*texts));
	for (uint32_t i = 0; i < set->nr; i++)
		texts[i] = text(kinds_name(&k->members, k->items[set->first + i]));
	qsort(texts, set->nr, sizeof(*texts), compare_texts);
	set->name = join(texts, set->nr);
	for (uint32_t i = 0; i < set->nr; i++)
		free(texts[i]);
	return set->name;
}
