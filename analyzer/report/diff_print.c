/* SPDX-License-Identifier: MIT */
/*
 * A difference as text, JSON and CSV.  The text's rows are not wrapped: its numbers leave too
 * little room for names.
 */
#include <inttypes.h>

#include "base/mem.h"
#include "base/text.h"
#include "partition/wrap.h"
#include "report/class.h"
#include "report/diff.h"

static double seconds_apart(const struct diff *diff)
{
	const uint64_t a = dump_proc_number(diff->a, "dump_monotonic_ns", 0);
	const uint64_t b = dump_proc_number(diff->b, "dump_monotonic_ns", 0);

	return ((double)b - (double)a) / NS_PER_S;
}

static void print_label(FILE *out, const struct diff *diff)
{
	const struct diff_row *t = &diff->total;

	if (diff->same_process)
		fprintf(out,
			"Difference of two dumps of process %" PRIu64 ", %.0f seconds apart.\n",
			dump_proc_number(diff->b, "pid", 0), seconds_apart(diff));
	else
		fprintf(out,
			"Dumps of different processes (%" PRIu64 " and %" PRIu64
			"): compared by row name, not object by object.\n",
			dump_proc_number(diff->a, "pid", 0), dump_proc_number(diff->b, "pid", 0));
	fprintf(out,
		"%" PRIu64 " objects %s, %" PRIu64 " bytes; %" PRIu64 " %s, %" PRIu64 " bytes; ",
		t->new_count, diff->same_process ? "new" : "in the second", t->new_size,
		t->freed_count, diff->same_process ? "freed" : "in the first", t->freed_size);
	if (diff->same_process)
		fprintf(out, "%" PRIu64 " survived, %" PRIu64 " bytes; ", t->survived_count,
			t->survived_size);
	fprintf(out, "growth %+" PRId64 " bytes.\n", diff_growth(t));
}

static void print_text_row(FILE *out, const struct diff *diff, uint32_t i)
{
	const struct diff_row *row = &diff->rows[i];
	char numbers[240];

	if (diff->same_process)
		snprintf(numbers, sizeof(numbers),
			 "%6" PRIu32 " %6" PRIu64 " %9" PRIu64 " %6" PRIu64 " %9" PRIu64
			 " %8" PRIu64 " %9" PRIu64 " %+10" PRId64 " ",
			 i, row->new_count, row->new_size, row->freed_count, row->freed_size,
			 row->survived_count, row->survived_size, diff_growth(row));
	else
		snprintf(numbers, sizeof(numbers),
			 "%6" PRIu32 " %6" PRIu64 " %9" PRIu64 " %6" PRIu64 " %9" PRIu64
			 " %+10" PRId64 " ",
			 i, row->freed_count, row->freed_size, row->new_count, row->new_size,
			 diff_growth(row));
	table_print_row(out, numbers, row->name, true);
}

static void print_text(FILE *out, const struct diff *diff, const struct table_options *o)
{
	const uint64_t start = o->all ? 0 : (uint64_t)o->page * TABLE_PAGE;
	uint32_t end;

	if (!start)
		print_label(out, diff);
	if (start ? start + 1 >= diff->nr_changed : !diff->nr_changed)
		return;
	wrap_print(
		out,
		diff->same_process
			? " Index    New      Size  Freed      Size Survived      Size     Growth "
			: " Index  First      Size Second      Size     Growth ",
		diff->header, true);
	end = table_page_end((uint32_t)start, diff->nr_changed, o->all);
	for (uint32_t i = (uint32_t)start; i < end; i++)
		print_text_row(out, diff, i);
	if (end < diff->nr_changed)
		fprintf(out, "<%" PRIu32 " more rows: --all, or --page %" PRIu32 ".>\n",
			diff->nr_changed - end, o->page + 2);
}

static void print_json_row(struct json *j, const struct diff_row *row)
{
	json_number(j, "new_count", row->new_count);
	json_number(j, "new_size", row->new_size);
	json_number(j, "freed_count", row->freed_count);
	json_number(j, "freed_size", row->freed_size);
	json_number(j, "survived_count", row->survived_count);
	json_number(j, "survived_size", row->survived_size);
	json_signed(j, "growth", diff_growth(row));
}

static void print_json(FILE *out, const struct diff *diff)
{
	struct json j = { .out = out };

	json_begin_object(&j, NULL);
	json_bool(&j, "same_process", diff->same_process);
	json_text(&j, "kind_header", diff->header);
	print_json_row(&j, &diff->total);
	json_begin_array(&j, "rows");
	for (uint32_t i = 0; i < diff->nr_rows; i++) {
		json_begin_object(&j, NULL);
		json_number(&j, "index", i);
		json_text(&j, "name", diff->rows[i].name);
		print_json_row(&j, &diff->rows[i]);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_end_object(&j);
	json_finish(&j);
}

static void print_csv(FILE *out, const struct diff *diff)
{
	fputs("index,new_count,new_size,freed_count,freed_size,survived_count,survived_size,growth,"
	      "name\r\n",
	      out);
	for (uint32_t i = 0; i < diff->nr_rows; i++) {
		const struct diff_row *row = &diff->rows[i];

		csv_number(out, true, i);
		csv_number(out, false, row->new_count);
		csv_number(out, false, row->new_size);
		csv_number(out, false, row->freed_count);
		csv_number(out, false, row->freed_size);
		csv_number(out, false, row->survived_count);
		csv_number(out, false, row->survived_size);
		csv_signed(out, false, diff_growth(row));
		csv_text(out, false, row->name);
		csv_end_row(out);
	}
}

void diff_print(FILE *out, const struct diff *diff, const struct table_options *o)
{
	switch (o->format) {
	case EMIT_TEXT:
		print_text(out, diff, o);
		break;
	case EMIT_JSON:
		print_json(out, diff);
		break;
	case EMIT_CSV:
		print_csv(out, diff);
		break;
	}
}
