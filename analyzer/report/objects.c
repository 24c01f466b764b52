/* SPDX-License-Identifier: MIT */
/*
 * Lists of objects.
 */
#include "report/objects.h"

#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "report/class.h"
#include "report/preview.h"

#define COLUMN_WIDEST 40 /* a longer name pushes its line to the right, not all lines */

static const char *site_name(struct heap *h, node_id n)
{
	const char *name = heap_object_site(h, n);

	return *name ? name : "<unknown>";
}

static int wider(int width, const char *name)
{
	const size_t len = strlen(name);

	return len > COLUMN_WIDEST ? width : (int)len > width ? (int)len : width;
}

static void print_column(FILE *out, const char *name, int width)
{
	text_print(out, name);
	fprintf(out, "%*s  ", width > (int)strlen(name) ? width - (int)strlen(name) : 0, "");
}

static char *format_stack(struct heap *h, node_id n)
{
	return heap_format_stack(h, dump_blocks(h->dump)->stack[n]);
}

static void print_stack(FILE *out, struct heap *h, node_id n)
{
	_cleanup_free_ char *stack = format_stack(h, n);

	for (char *rest = stack, *line; (line = strsep(&rest, "\n")) && *line;) {
		fputs("    ", out);
		text_print(out, line);
		fputc('\n', out);
	}
}

static void print_text(FILE *out, struct heap *h, const node_id *ids, uint32_t nr, bool with_stacks)
{
	int type_width = wider(0, "Type"), site_width = wider(0, "Site");

	for (uint32_t i = 0; i < nr; i++) {
		type_width = wider(type_width, object_type(h, ids[i])->name);
		site_width = wider(site_width, site_name(h, ids[i]));
	}
	fprintf(out, "%-14s %8s %8s %7s  %-*s  %-*s  %s\n", "Address", "Size", "Own", "Age",
		type_width, "Type", site_width, "Site", "Text");
	for (uint32_t i = 0; i < nr; i++) {
		const node_id n = ids[i];
		_cleanup_free_ char *preview = preview_object(h, n);

		fprintf(out, "0x%-12" PRIx64 " %8" PRIu64 " %8" PRIu64 " %6" PRIu64 "s  ",
			object_addr(h, n), object_size(h, n), block_size(h, n),
			object_age_ns(h, n) / NS_PER_S);
		print_column(out, object_type(h, n)->name, type_width);
		if (*preview)
			print_column(out, site_name(h, n), site_width);
		else
			text_print(out, site_name(h, n));
		fprintf(out, "%s\n", preview);
		if (with_stacks)
			print_stack(out, h, n);
	}
}

static void print_json(FILE *out, struct heap *h, const node_id *ids, uint32_t nr, bool with_stacks)
{
	struct json j = { .out = out };

	json_begin_array(&j, NULL);
	for (uint32_t i = 0; i < nr; i++) {
		const node_id n = ids[i];
		_cleanup_free_ char *preview = preview_object(h, n);
		_cleanup_free_ char *stack = with_stacks ? format_stack(h, n) : NULL;

		json_begin_object(&j, NULL);
		json_addr(&j, "address", object_addr(h, n));
		json_number(&j, "size", object_size(h, n));
		json_number(&j, "own_size", block_size(h, n));
		json_real(&j, "age_seconds", (double)object_age_ns(h, n) / NS_PER_S);
		json_text(&j, "type", object_type(h, n)->name);
		json_text(&j, "site", site_name(h, n));
		json_text(&j, "text", preview);
		if (stack)
			json_text(&j, "stack", stack);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_finish(&j);
}

static void print_csv(FILE *out, struct heap *h, const node_id *ids, uint32_t nr, bool with_stacks)
{
	fprintf(out, "address,size,own_size,age_seconds,type,site,text%s\r\n",
		with_stacks ? ",stack" : "");
	for (uint32_t i = 0; i < nr; i++) {
		const node_id n = ids[i];
		_cleanup_free_ char *preview = preview_object(h, n);
		_cleanup_free_ char *stack = with_stacks ? format_stack(h, n) : NULL;

		fprintf(out, "0x%" PRIx64, object_addr(h, n));
		csv_number(out, false, object_size(h, n));
		csv_number(out, false, block_size(h, n));
		csv_number(out, false, object_age_ns(h, n) / NS_PER_S);
		csv_text(out, false, object_type(h, n)->name);
		csv_text(out, false, site_name(h, n));
		csv_text(out, false, preview);
		if (stack)
			csv_text(out, false, stack);
		csv_end_row(out);
	}
}

void objects_print(FILE *out, struct heap *h, const node_id *ids, uint32_t nr,
		   enum emit_format format, bool with_stacks)
{
	switch (format) {
	case EMIT_TEXT:
		print_text(out, h, ids, nr, with_stacks);
		break;
	case EMIT_JSON:
		print_json(out, h, ids, nr, with_stacks);
		break;
	case EMIT_CSV:
		print_csv(out, h, ids, nr, with_stacks);
		break;
	}
}
