/* SPDX-License-Identifier: MIT */
/*
 * Making a difference of two heaps.  report/diff_print.c shows it.
 */
#include "report/diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "partition/kinds.h"
#include "report/identity.h"

/* Rows by interned name, and for each side a cache from the classifier's kind to the row. */
struct builder {
	struct diff *diff;
	struct kinds rows;
	size_t capacity;
};

struct side {
	struct heap *heap;
	struct classifier *by;
	uint32_t *row_of; /* [kind]: row + 1, 0 not known yet */
	size_t nr_kinds;
};

static uint32_t find_or_add_row(struct builder *b, const char *name)
{
	struct diff *diff = b->diff;
	const char *interned = intern_string(diff->names, name);
	const uint32_t row = kinds_get_name(&b->rows, interned);

	if (row == diff->nr_rows) {
		diff->rows = array_grow(diff->rows, row, &b->capacity, sizeof(*diff->rows));
		diff->rows[diff->nr_rows++] = (struct diff_row){ .name = interned };
	}
	return row;
}

static struct diff_row *row_of_object(struct builder *b, struct side *side, node_id n)
{
	const uint32_t kind = side->by->classify(side->by, n);

	if (kind >= side->nr_kinds) {
		const size_t old = side->nr_kinds;

		side->nr_kinds = kind * 2ul + 64;
		side->row_of = xrealloc(side->row_of, side->nr_kinds, sizeof(*side->row_of));
		memset(side->row_of + old, 0, (side->nr_kinds - old) * sizeof(*side->row_of));
	}
	if (!side->row_of[kind])
		side->row_of[kind] = find_or_add_row(b, side->by->name(side->by, kind)) + 1;
	return &b->diff->rows[side->row_of[kind] - 1];
}

/*
 * The same object on the other side; NODE_NONE where it is not alive there.  A block may outlive
 * its object: on a free list, or as a table of another one, it is none.
 */
static node_id counterpart(const node_id *map, node_id n, const struct heap *other)
{
	const node_id found = map ? map[n] : NODE_NONE;

	return found != NODE_NONE && node_is_object(other, found) ? found : NODE_NONE;
}

static void count_freed(struct builder *b, struct side *a, const struct heap *after,
			const struct identity *identity)
{
	for (node_id n = 0; n < a->heap->nr_objects; n++) {
		struct diff_row *row;

		if (!node_is_object(a->heap, n) ||
		    counterpart(identity ? identity->a_to_b : NULL, n, after) != NODE_NONE)
			continue;
		row = row_of_object(b, a, n);
		row->freed_count++;
		row->freed_size += object_size(a->heap, n);
	}
}

static void count_present(struct builder *b, struct side *after, const struct heap *before,
			  const struct identity *identity)
{
	for (node_id n = 0; n < after->heap->nr_objects; n++) {
		const node_id was = counterpart(identity ? identity->b_to_a : NULL, n, before);
		struct diff_row *row;

		if (!node_is_object(after->heap, n))
			continue;
		row = row_of_object(b, after, n);
		if (was == NODE_NONE) {
			row->new_count++;
			row->new_size += object_size(after->heap, n);
		} else {
			row->survived_count++;
			row->survived_size += object_size(after->heap, n);
			row->survived_size_a += object_size(before, was);
		}
	}
}

static int compare_rows(const void *a, const void *b)
{
	const struct diff_row *x = a, *y = b;
	const int64_t x_growth = diff_growth(x), y_growth = diff_growth(y);

	if (diff_row_is_changed(x) != diff_row_is_changed(y))
		return diff_row_is_changed(x) ? -1 : 1;
	if (x_growth != y_growth)
		return x_growth > y_growth ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void add_up(struct diff *diff)
{
	struct diff_row *total = &diff->total;

	for (uint32_t i = 0; i < diff->nr_rows; i++) {
		const struct diff_row *row = &diff->rows[i];

		diff->nr_changed += diff_row_is_changed(row);
		total->new_count += row->new_count;
		total->new_size += row->new_size;
		total->freed_count += row->freed_count;
		total->freed_size += row->freed_size;
		total->survived_count += row->survived_count;
		total->survived_size += row->survived_size;
		total->survived_size_a += row->survived_size_a;
	}
}

struct diff *diff_create(struct heap *a, struct classifier *by_a, struct heap *b,
			 struct classifier *by_b)
{
	struct diff *diff = xcalloc(1, sizeof(*diff));
	struct builder builder = { .diff = diff };
	struct side before = { .heap = a, .by = by_a }, after = { .heap = b, .by = by_b };
	struct identity *identity = NULL;

	diff->a = a->dump;
	diff->b = b->dump;
	diff->header = by_b->header;
	diff->names = intern_create();
	diff->same_process = identity_is_same_process(a->dump, b->dump);
	if (diff->same_process)
		identity = identity_create(a->dump, b->dump);
	count_freed(&builder, &before, b, identity);
	count_present(&builder, &after, a, identity);
	if (diff->nr_rows)
		qsort(diff->rows, diff->nr_rows, sizeof(*diff->rows), compare_rows);
	add_up(diff);
	identity_destroy(identity);
	kinds_deinit(&builder.rows);
	free(before.row_of);
	free(after.row_of);
	return diff;
}

void diff_destroy(struct diff *diff)
{
	if (!diff)
		return;
	intern_destroy(diff->names);
	free(diff->rows);
	free(diff);
}
