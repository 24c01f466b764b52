/* SPDX-License-Identifier: MIT */
/*
 * What a later dump has that an earlier one had not, per row of any partition.
 */
#ifndef REPORT_DIFF_H
#define REPORT_DIFF_H

#include <stdio.h>

#include "base/emit.h"
#include "base/intern.h"
#include "partition/partition.h"
#include "partition/table.h"

/*
 * Per row, of the dumps A (before) and B (after):
 *   count_b - count_a == new_count - freed_count        where the dumps are of one process
 *   size_b - size_a == growth
 * An object that survived counts in the row that it has in B; what was freed in the row that it had
 * in A. Of different processes nothing survives: new is all of B, freed all of A.
 */
struct diff_row {
	const char *name;
	uint64_t new_count, new_size;
	uint64_t freed_count, freed_size;
	uint64_t survived_count, survived_size; /* size in B */
	uint64_t survived_size_a;
};

struct diff {
	const struct dump *a, *b;
	bool same_process;
	const char *header;    /* of the partition, owned by the classifier of B */
	struct diff_row *rows; /* what changed first, by growth descending, then name */
	uint32_t nr_rows;
	uint32_t nr_changed; /* rows in which anything is new, freed or grown; text shows no others
			      */
	struct diff_row total;
	struct intern *names;
};

static inline int64_t diff_growth(const struct diff_row *row)
{
	return (int64_t)(row->new_size + row->survived_size - row->freed_size -
			 row->survived_size_a);
}

static inline bool diff_row_is_changed(const struct diff_row *row)
{
	return row->new_count || row->freed_count || diff_growth(row);
}

/* by_a and by_b are the same rule at work on the two heaps; they must outlive the diff. */
struct diff *diff_create(struct heap *a, struct classifier *by_a, struct heap *b,
			 struct classifier *by_b);
void diff_destroy(struct diff *diff); /* NULL is fine */
void diff_print(FILE *out, const struct diff *diff, const struct table_options *options);

/*
 * Guppy's text of `stat B - stat A`; Guppy calls the first operand A, so its A is our later dump.
 * Rows are merged by name, only what differs is shown, largest absolute difference in size first.
 */
void diff_print_guppy(FILE *out, const struct partition *after, const struct partition *before,
		      const struct table_options *options);

#endif
