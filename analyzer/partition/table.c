/* SPDX-License-Identifier: MIT */
/*
 * Tables of partitions.  Numbers in text are as Guppy prints them; machines get whole numbers and
 * no percentages.
 */
#include "partition/table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "partition/wrap.h"

#define HEADER	     " Index  Count   %     Size   % Cumulative  % "
#define HEADER_BY_ID " Index     Size   %   Cumulative  %   "

uint32_t table_page_end(uint32_t first, uint32_t nr_rows, bool all)
{
	if (all || nr_rows - first <= TABLE_PAGE + 1)
		return nr_rows;
	return first + TABLE_PAGE;
}

void table_print_more(FILE *out, uint32_t nr_more)
{
	if (nr_more)
		fprintf(out, "<%" PRIu32 " more rows. Type e.g. '_.more' to view.>\n", nr_more);
}

static double percentage(uint64_t part, uint64_t whole)
{
	return whole ? (double)part * 100.0 / (double)whole : 0.0;
}

int table_percent(uint64_t part, uint64_t whole)
{
	char text[32];

	/* printf rounds half to even; rint would depend on the rounding mode. */
	snprintf(text, sizeof(text), "%.0f", percentage(part, whole));
	return atoi(text);
}

void table_print_row(FILE *out, const char *numbers, const char *name, bool wide)
{
	_cleanup_free_ char *escaped = text_is_clean(name) ? NULL : text_escape(name, strlen(name));

	wrap_print(out, numbers, escaped ? escaped : name, wide);
}

/* The type that all objects have, or "<mixed>". */
static const char *common_type_name(const struct partition *p)
{
	const struct nodeset *set = p->set;

	for (uint32_t i = 1; i < set->nr; i++)
		if (p->heap->type[set->ids[i]] != p->heap->type[set->ids[0]])
			return "<mixed>";
	return object_type(p->heap, set->ids[0])->name;
}

static void print_label(FILE *out, const struct partition *p)
{
	const char *plural = p->set->nr == 1 ? "" : "s";

	if (!p->classifier->by_id) {
		fprintf(out,
			"Partition of a set of %" PRIu32 " object%s. Total size = %" PRIu64
			" bytes.\n",
			p->set->nr, plural, p->set->size);
		return;
	}
	fprintf(out, "Set of %" PRIu32 " ", p->set->nr);
	text_print(out, common_type_name(p));
	fprintf(out, " object%s. Total size = %" PRIu64 " bytes.\n", plural, p->set->size);
}

static void print_text_row(FILE *out, const struct partition *p, uint32_t i, uint64_t cumulative,
			   bool wide)
{
	const struct partition_row *row = &p->rows[i];
	const uint64_t whole = p->set->size;
	char numbers[160];

	if (p->classifier->by_id)
		snprintf(numbers, sizeof(numbers),
			 "%6" PRIu32 " %8" PRIu64 " %5.1f %9" PRIu64 " %5.1f ", i, row->size,
			 percentage(row->size, whole), cumulative, percentage(cumulative, whole));
	else
		snprintf(numbers, sizeof(numbers),
			 "%6" PRIu32 " %6" PRIu32 " %3d %8" PRIu64 " %3d %9" PRIu64 " %3d ", i,
			 row->count, table_percent(row->count, p->set->nr), row->size,
			 table_percent(row->size, whole), cumulative,
			 table_percent(cumulative, whole));
	table_print_row(out, numbers, partition_row_name(p, i), wide);
}

static void print_text(FILE *out, const struct partition *p, const struct table_options *o)
{
	const uint64_t start = o->all ? 0 : (uint64_t)o->page * TABLE_PAGE;
	uint64_t cumulative = 0;
	uint32_t end;

	if (!p->set->nr) {
		fputs("<Nothing>\n", out);
		return;
	}
	/* A page of one row has been printed with the page before it. */
	if (start && start + 1 >= p->nr_rows)
		return;
	if (!start)
		print_label(out, p);
	wrap_print(out, p->classifier->by_id ? HEADER_BY_ID : HEADER, p->classifier->header,
		   o->wide);
	end = table_page_end((uint32_t)start, p->nr_rows, o->all);
	for (uint32_t i = 0; i < end; i++) {
		cumulative += p->rows[i].size;
		if (i >= start)
			print_text_row(out, p, i, cumulative, o->wide);
	}
	table_print_more(out, p->nr_rows - end);
}

static void print_json(FILE *out, const struct partition *p)
{
	struct json j = { .out = out };
	uint64_t cumulative = 0;

	json_begin_object(&j, NULL);
	json_text(&j, "kind_header", p->classifier->header);
	json_number(&j, "count", p->set->nr);
	json_number(&j, "size", p->set->size);
	json_begin_array(&j, "rows");
	for (uint32_t i = 0; i < p->nr_rows; i++) {
		cumulative += p->rows[i].size;
		json_begin_object(&j, NULL);
		json_number(&j, "index", i);
		json_number(&j, "count", p->rows[i].count);
		json_number(&j, "size", p->rows[i].size);
		json_number(&j, "cumulative_size", cumulative);
		json_text(&j, "name", partition_row_name(p, i));
		json_end_object(&j);
	}
	json_end_array(&j);
	json_end_object(&j);
	json_finish(&j);
}

static void print_csv(FILE *out, const struct partition *p)
{
	uint64_t cumulative = 0;

	fputs("index,count,size,cumulative_size,name\r\n", out);
	for (uint32_t i = 0; i < p->nr_rows; i++) {
		cumulative += p->rows[i].size;
		csv_number(out, true, i);
		csv_number(out, false, p->rows[i].count);
		csv_number(out, false, p->rows[i].size);
		csv_number(out, false, cumulative);
		csv_text(out, false, partition_row_name(p, i));
		csv_end_row(out);
	}
}

void table_print(FILE *out, const struct partition *p, const struct table_options *o)
{
	switch (o->format) {
	case EMIT_TEXT:
		print_text(out, p, o);
		break;
	case EMIT_JSON:
		print_json(out, p);
		break;
	case EMIT_CSV:
		print_csv(out, p);
		break;
	}
}
