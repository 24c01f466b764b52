/* SPDX-License-Identifier: MIT */
/*
 * Guppy's difference of two tables, to the byte.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "partition/kinds.h"
#include "partition/wrap.h"
#include "report/diff.h"

struct stat_row {
	const char *name; /* interned */
	int64_t count, size;
	uint32_t order; /* in which the row came up: the sort is stable */
};

struct stat_diff {
	struct stat_row *rows;
	uint32_t nr_rows;
	struct kinds by_name;
	struct intern *names;
	uint64_t b_size;
};

static int compare_stat_rows(const void *a, const void *b)
{
	const struct stat_row *x = a, *y = b;
	const int64_t x_size = llabs(x->size), y_size = llabs(y->size);

	if (x_size != y_size)
		return x_size > y_size ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void add_table(struct stat_diff *d, const struct partition *p, int sign)
{
	for (uint32_t i = 0; i < p->nr_rows; i++) {
		const char *name = intern_string(d->names, partition_row_name(p, i));
		const uint32_t row = kinds_get_name(&d->by_name, name);

		if (row == d->nr_rows)
			d->rows[d->nr_rows++] = (struct stat_row){ .name = name, .order = row };
		d->rows[row].count += sign * (int64_t)p->rows[i].count;
		d->rows[row].size += sign * (int64_t)p->rows[i].size;
	}
}

static void stat_diff_init(struct stat_diff *d, const struct partition *after,
			   const struct partition *before)
{
	uint32_t kept = 0;

	*d = (struct stat_diff){ .names = intern_create(), .b_size = before->set->size };
	d->rows = xcalloc((size_t)after->nr_rows + before->nr_rows + 1, sizeof(*d->rows));
	add_table(d, after, 1);
	add_table(d, before, -1);
	for (uint32_t i = 0; i < d->nr_rows; i++)
		if (d->rows[i].count || d->rows[i].size)
			d->rows[kept++] = d->rows[i];
	d->nr_rows = kept;
	qsort(d->rows, kept, sizeof(*d->rows), compare_stat_rows);
}

static void stat_diff_deinit(struct stat_diff *d)
{
	kinds_deinit(&d->by_name);
	intern_destroy(d->names);
	free(d->rows);
}

static void format_percent_of_b(char *text, size_t len, const struct stat_diff *d, int64_t size)
{
	if (d->b_size)
		snprintf(text, len, "%9.3g", (double)size * 100.0 / (double)d->b_size);
	else
		snprintf(text, len, "   (n.a.)");
}

static void print_summary(FILE *out, const struct stat_diff *d, const struct nodeset *a,
			  const struct nodeset *b)
{
	const int64_t count = (int64_t)a->nr - b->nr, size = (int64_t)(a->size - b->size);
	char percent[32];

	format_percent_of_b(percent, sizeof(percent), d, size);
	fprintf(out, "Summary of difference operation (A-B).\n        Count     Size\n");
	fprintf(out, "  A    %6" PRIu32 " %8" PRIu64 "\n", a->nr, a->size);
	fprintf(out, "  B    %6" PRIu32 " %8" PRIu64 "\n", b->nr, b->size);
	fprintf(out, "  A-B  %6" PRId64 " %8" PRId64 "  = %s %% of B\n", count, size, percent);
}

static void print_stat_row(FILE *out, const struct stat_diff *d, uint32_t i, int64_t cumulative,
			   bool wide)
{
	const struct stat_row *row = &d->rows[i];
	char percent[32], numbers[160];

	format_percent_of_b(percent, sizeof(percent), d, cumulative);
	snprintf(numbers, sizeof(numbers),
		 "%6" PRIu32 " %6" PRId64 " %8" PRId64 " %9" PRId64 " %s ", i, row->count,
		 row->size, cumulative, percent);
	table_print_row(out, numbers, row->name, wide);
}

static void print_rows(FILE *out, const struct stat_diff *d, uint32_t start,
		       const struct table_options *o)
{
	const uint32_t end = table_page_end(start, d->nr_rows, o->all);
	int64_t cumulative = 0;

	for (uint32_t i = 0; i < end; i++) {
		cumulative += d->rows[i].size;
		if (i >= start)
			print_stat_row(out, d, i, cumulative, o->wide);
	}
	table_print_more(out, d->nr_rows - end);
}

void diff_print_guppy(FILE *out, const struct partition *after, const struct partition *before,
		      const struct table_options *o)
{
	const uint64_t start = o->all ? 0 : (uint64_t)o->page * TABLE_PAGE;
	const bool differs =
		after->set->nr != before->set->nr || after->set->size != before->set->size;
	struct stat_diff d;

	stat_diff_init(&d, after, before);
	if (!start)
		print_summary(out, &d, after->set, before->set);
	if (!start && (differs || d.nr_rows))
		fputs(differs ? "\nDifferences by kind, largest absolute size diffs first.\n"
			      : "\n",
		      out);
	if (start ? start + 1 < d.nr_rows : d.nr_rows > 0) {
		wrap_print(out, differs ? " Index  Count     Size  Cumulative  % of B " : "",
			   differs ? after->classifier->header : "", o->wide);
		print_rows(out, &d, (uint32_t)start, o);
	}
	stat_diff_deinit(&d);
}
