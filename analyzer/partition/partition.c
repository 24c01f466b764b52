/* SPDX-License-Identifier: MIT */
/*
 * Grouping a set by a rule: count the kinds, sort the rows, deal the objects out to them.  Two
 * passes over the set and 8 bytes an object, so that 10^7 objects in 10^7 rows (byid) still fit.
 */
#include "partition/partition.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/progress.h"

struct tally {
	struct partition_row *rows; /* [capacity] by kind */
	size_t capacity;
};

static struct partition_row *tally_get(struct tally *t, uint32_t kind)
{
	if (kind >= t->capacity) {
		const size_t old = t->capacity;

		t->capacity = kind < 512 ? 1024 : kind * 2ul;
		t->rows = xrealloc(t->rows, t->capacity, sizeof(*t->rows));
		memset(t->rows + old, 0, (t->capacity - old) * sizeof(*t->rows));
	}
	return &t->rows[kind];
}

static int compare_rows(const void *a, const void *b, void *arg)
{
	const struct partition_row *x = a, *y = b;
	struct classifier *c = arg;
	int order;

	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	order = c->compare ? c->compare(c, x->kind, y->kind)
			   : strcmp(c->name(c, x->kind), c->name(c, y->kind));
	return order ? order : (x->kind > y->kind) - (x->kind < y->kind);
}

/* Drops the kinds that do not occur; what is left are the rows, sorted. */
static void make_rows(struct partition *p, struct tally *t)
{
	uint32_t first = 0;

	for (size_t kind = 0; kind < t->capacity; kind++)
		if (t->rows[kind].count)
			t->rows[p->nr_rows++] = t->rows[kind];
	p->rows = xrealloc(t->rows, p->nr_rows + 1ul, sizeof(*p->rows));
	qsort_r(p->rows, p->nr_rows, sizeof(*p->rows), compare_rows, p->classifier);
	for (uint32_t i = 0; i < p->nr_rows; i++) {
		p->rows[i].first = first;
		first += p->rows[i].count;
	}
}

struct partition *partition_create(struct heap *h, struct nodeset *set, struct classifier *c)
{
	struct partition *p = xcalloc(1, sizeof(*p));
	_cleanup_free_ uint32_t *kinds = xcalloc(set->nr + 1ul, sizeof(*kinds));
	_cleanup_free_ uint32_t *next = NULL;
	struct tally tally = { 0 };
	uint32_t nr_kinds = 0;

	*p = (struct partition){ .refs = 1, .heap = h };
	p->set = nodeset_ref(set);
	p->classifier = classifier_ref(c);
	for (uint32_t i = 0; i < set->nr; i++) {
		struct partition_row *row;

		kinds[i] = c->classify(c, set->ids[i]);
		row = tally_get(&tally, kinds[i]);
		row->kind = kinds[i];
		row->count++;
		row->size += object_size(h, set->ids[i]);
		if (kinds[i] >= nr_kinds)
			nr_kinds = kinds[i] + 1;
	}
	progress_pass(heap_progress(h), "kinds");
	make_rows(p, &tally);

	next = xcalloc(nr_kinds + 1ul, sizeof(*next));
	for (uint32_t i = 0; i < p->nr_rows; i++)
		next[p->rows[i].kind] = p->rows[i].first;
	p->ids = xcalloc(set->nr + 1ul, sizeof(*p->ids));
	for (uint32_t i = 0; i < set->nr; i++)
		p->ids[next[kinds[i]]++] = set->ids[i];
	progress_pass(heap_progress(h), "rows");
	return p;
}

struct partition *partition_ref(struct partition *p)
{
	p->refs++;
	return p;
}

void partition_unref(struct partition *p)
{
	if (!p || --p->refs)
		return;
	nodeset_unref(p->set);
	classifier_unref(p->classifier);
	free(p->rows);
	free(p->ids);
	free(p);
}

const char *partition_row_name(const struct partition *p, uint32_t row)
{
	return p->classifier->name(p->classifier, p->rows[row].kind);
}

struct nodeset *partition_rows_set(const struct partition *p, uint32_t first, uint32_t end)
{
	uint32_t nr = 0;

	for (uint32_t i = first; i < end; i++)
		nr += p->rows[i].count;
	return nodeset_create(p->heap, nr ? p->ids + p->rows[first].first : p->ids, nr);
}
