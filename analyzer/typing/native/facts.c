/* SPDX-License-Identifier: MIT */
/*
 * The table of questions and answers.
 */
#include "typing/native/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void facts_deinit(struct facts *f)
{
	for (size_t i = 0; i < f->nr; i++)
		free(f->items[i]);
	free(f->items);
	map_deinit(&f->index);
}

static uint64_t key_of(const struct fact *f)
{
	return f->kind == FACT_NAME || f->kind == FACT_HOLDERS ? (uintptr_t)f->name : f->place;
}

const struct fact *facts_find(const struct facts *f, enum fact_kind kind, uint64_t key)
{
	const uint64_t index = map_find(&f->index, key, kind);

	return index == MAP_EMPTY ? NULL : f->items[index];
}

const struct fact *facts_add(struct facts *f, struct fact *fact)
{
	uint64_t *index = map_find_or_insert(&f->index, key_of(fact), fact->kind);

	if (*index != MAP_EMPTY) {
		free(fact);
		return f->items[*index];
	}
	*index = f->nr;
	f->items = array_grow(f->items, f->nr, &f->room, sizeof(struct fact *));
	return f->items[f->nr++] = fact;
}

void fact_maker_add(struct fact_maker *m, const struct fact_item *item)
{
	m->items = array_grow(m->items, m->nr, &m->room, sizeof(*m->items));
	m->items[m->nr++] = *item;
}

struct fact *fact_maker_finish(struct fact_maker *m)
{
	struct fact *f = xmalloc(sizeof(*f) + m->nr * sizeof(*m->items));

	*f = m->head;
	f->nr = m->nr;
	if (m->nr)
		memcpy(f->items, m->items, m->nr * sizeof(*m->items));
	free(m->items);
	*m = (struct fact_maker){ 0 };
	return f;
}
