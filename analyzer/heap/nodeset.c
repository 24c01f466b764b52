/* SPDX-License-Identifier: MIT */
/*
 * Sets of objects as sorted arrays; all operations are merges or, for neighbours, a bitmap over all
 * objects.
 */
#include "heap/nodeset.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct nodeset *nodeset_alloc(uint32_t room)
{
	struct nodeset *s = xmalloc(sizeof(*s) + room * sizeof(s->ids[0]));

	s->refs = 1;
	s->nr = 0;
	s->size = 0;
	return s;
}

/* Gives back the room that was not needed and sums the sizes. */
static struct nodeset *nodeset_finish(const struct heap *h, struct nodeset *s)
{
	s->size = 0;
	for (uint32_t i = 0; i < s->nr; i++)
		s->size += object_size(h, s->ids[i]);
	return xrealloc(s, 1, sizeof(*s) + s->nr * sizeof(s->ids[0]));
}

static int compare_ids(const void *a, const void *b)
{
	const node_id x = *(const node_id *)a, y = *(const node_id *)b;

	return x < y ? -1 : x > y;
}

static bool is_ascending(const node_id *ids, uint32_t nr)
{
	for (uint32_t i = 1; i < nr; i++) {
		if (ids[i - 1] >= ids[i])
			return false;
	}
	return true;
}

struct nodeset *nodeset_create(const struct heap *h, node_id *ids, uint32_t nr)
{
	struct nodeset *s = nodeset_alloc(nr);

	if (nr)
		memcpy(s->ids, ids, nr * sizeof(*ids));
	if (!is_ascending(s->ids, nr))
		qsort(s->ids, nr, sizeof(*ids), compare_ids);
	for (uint32_t i = 0; i < nr; i++) {
		if (!s->nr || s->ids[s->nr - 1] != s->ids[i])
			s->ids[s->nr++] = s->ids[i];
	}
	return nodeset_finish(h, s);
}

struct nodeset *nodeset_create_all(const struct heap *h)
{
	struct nodeset *s = nodeset_alloc(h->nr_objects);

	for (node_id n = 0; n < h->nr_objects; n++) {
		if (h->owner[n] == n)
			s->ids[s->nr++] = n;
	}
	return nodeset_finish(h, s);
}

struct nodeset *nodeset_ref(struct nodeset *s)
{
	s->refs++;
	return s;
}

void nodeset_unref(struct nodeset *s)
{
	if (s && --s->refs == 0)
		free(s);
}

struct nodeset *nodeset_and(const struct heap *h, const struct nodeset *a, const struct nodeset *b)
{
	struct nodeset *s = nodeset_alloc(a->nr < b->nr ? a->nr : b->nr);

	for (uint32_t i = 0, k = 0; i < a->nr && k < b->nr;) {
		if (a->ids[i] < b->ids[k]) {
			i++;
		} else if (a->ids[i] > b->ids[k]) {
			k++;
		} else {
			s->ids[s->nr++] = a->ids[i++];
			k++;
		}
	}
	return nodeset_finish(h, s);
}

struct nodeset *nodeset_or(const struct heap *h, const struct nodeset *a, const struct nodeset *b)
{
	struct nodeset *s = nodeset_alloc(a->nr + b->nr);

	for (uint32_t i = 0, k = 0; i < a->nr || k < b->nr;) {
		const node_id x = i < a->nr ? a->ids[i] : NODE_NONE;
		const node_id y = k < b->nr ? b->ids[k] : NODE_NONE;

		s->ids[s->nr++] = x < y ? x : y;
		i += x <= y;
		k += y <= x;
	}
	return nodeset_finish(h, s);
}

struct nodeset *nodeset_minus(const struct heap *h, const struct nodeset *a,
			      const struct nodeset *b)
{
	struct nodeset *s = nodeset_alloc(a->nr);

	for (uint32_t i = 0, k = 0; i < a->nr; i++) {
		while (k < b->nr && b->ids[k] < a->ids[i])
			k++;
		if (k == b->nr || b->ids[k] != a->ids[i])
			s->ids[s->nr++] = a->ids[i];
	}
	return nodeset_finish(h, s);
}

/* A set in the making: one bit an object. */
struct bits {
	uint64_t *words;
	size_t nr_words;
	uint32_t nr;
};

static struct bits bits_create(const struct heap *h)
{
	const size_t nr_words = h->nr_objects / 64 + 1ul;

	return (struct bits){ xcalloc(nr_words, sizeof(uint64_t)), nr_words, 0 };
}

static void bits_insert(struct bits *b, node_id n)
{
	b->nr += !(b->words[n / 64] >> n % 64 & 1);
	b->words[n / 64] |= 1ull << n % 64;
}

static struct nodeset *bits_finish(const struct heap *h, struct bits *b)
{
	struct nodeset *found = nodeset_alloc(b->nr);

	for (size_t w = 0; w < b->nr_words; w++) {
		for (uint64_t rest = b->words[w]; rest; rest &= rest - 1)
			found->ids[found->nr++] = w * 64 + __builtin_ctzll(rest);
	}
	free(b->words);
	return nodeset_finish(h, found);
}

struct nodeset *nodeset_referrers(const struct heap *h, const struct nodeset *s)
{
	struct bits found = bits_create(h);

	for (uint32_t i = 0; i < s->nr; i++) {
		for (uint64_t k = h->in_first[s->ids[i]]; k < h->in_first[s->ids[i] + 1]; k++) {
			const node_id from = h->in_from[k];

			if (!node_is_root(h, from))
				bits_insert(&found, h->owner[from]);
		}
	}
	return bits_finish(h, &found);
}

struct nodeset *nodeset_referents(const struct heap *h, const struct nodeset *s)
{
	struct bits found = bits_create(h);

	for (uint32_t i = 0; i < s->nr; i++) {
		for (node_id n = s->ids[i]; n != NODE_NONE; n = h->next_table[n]) {
			for (uint64_t e = h->out_first[n]; e < h->out_first[n + 1]; e++)
				bits_insert(&found, h->out_to[e]);
		}
	}
	return bits_finish(h, &found);
}
