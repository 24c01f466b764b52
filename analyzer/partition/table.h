/* SPDX-License-Identifier: MIT */
/*
 * Partitions as tables: Guppy's text to the byte, JSON and CSV.
 */
#ifndef PARTITION_TABLE_H
#define PARTITION_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/emit.h"
#include "partition/partition.h"

#define TABLE_PAGE 10

struct table_options {
	enum emit_format format; /* JSON and CSV have every row, whatever the page */
	bool all;		 /* no paging */
	bool wide;		 /* no wrapping */
	uint32_t page; /* pages from 0; with a later one the label is left out, as `_.more` does */
};

/*
 * The rows of a page: 10, or 11 where only one would be left.  Returns the end (exclusive) of the
 * page that begins at row `first`.
 */
uint32_t table_page_end(uint32_t first, uint32_t nr_rows, bool all);
/* "<%d more rows. Type e.g. '_.more' to view.>", Guppy's line, unless there are none. */
void table_print_more(FILE *out, uint32_t nr_more);
/* printf("%.0f") of part * 100 / whole; 0 where whole is 0. */
int table_percent(uint64_t part, uint64_t whole);
/* A row's foreign name after its numbers, made safe for a terminal and wrapped. */
void table_print_row(FILE *out, const char *numbers, const char *name, bool wide);

void table_print(FILE *out, const struct partition *p, const struct table_options *options);

#endif
