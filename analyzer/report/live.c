/* SPDX-License-Identifier: MIT */
/*
 * trackref's report from a dump.
 */
#include "report/live.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "typing/subclass.h"

/* [nr_types] */
static bool *find_wanted(const struct heap *h, const struct classes *classes,
			 const struct live_options *o)
{
	_cleanup_free_ bool *ignored = xcalloc(h->nr_types + 1ul, sizeof(*ignored));
	bool *wanted = xcalloc(h->nr_types + 1ul, sizeof(*wanted));

	for (size_t i = 0; i < o->nr_ignore; i++)
		subclass_add_types(h, o->ignore[i], ignored);
	for (uint32_t i = 0; i < h->nr_types; i++)
		wanted[i] = (o->all || classes->is_class[i]) && !ignored[i];
	return wanted;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct live_row *)a)->name, ((const struct live_row *)b)->name);
}

/* Types of one name (a tag and a vtable, say) are one class here, as in trackref. */
static uint32_t merge_names(struct live_row *rows, uint32_t nr)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < nr; i++) {
		struct live_row *last = kept ? &rows[kept - 1] : NULL;

		if (!last || strcmp(last->name, rows[i].name) != 0) {
			rows[kept++] = rows[i];
			continue;
		}
		last->count += rows[i].count;
		last->size += rows[i].size;
		if (rows[i].oldest_ns > last->oldest_ns)
			last->oldest_ns = rows[i].oldest_ns;
	}
	return kept;
}

struct live *live_create(const struct heap *h, const struct live_options *options)
{
	struct live *live = xcalloc(1, sizeof(*live));
	struct live_row *rows = xcalloc(h->nr_types + 1ul, sizeof(*rows));
	_cleanup_(classes_deinit) struct classes classes;
	_cleanup_free_ bool *wanted = NULL;
	uint32_t nr = 0;

	classes_init(&classes, h);
	wanted = find_wanted(h, &classes, options);
	for (node_id n = 0; n < h->nr_objects; n++) {
		struct live_row *row = &rows[h->type[n]];
		const uint64_t age = object_age_ns(h, n);

		if (!node_is_object(h, n))
			continue;
		row->count++;
		row->size += object_size(h, n);
		if (age > row->oldest_ns)
			row->oldest_ns = age;
	}
	for (uint32_t i = 0; i < h->nr_types; i++) {
		if (!rows[i].count || !wanted[i])
			continue;
		rows[nr] = rows[i];
		rows[nr++].name = options->all ? h->types[i].name : classes_name(&classes, h, i);
	}
	qsort(rows, nr, sizeof(*rows), compare_names);
	live->rows = rows;
	live->nr_rows = merge_names(rows, nr);
	return live;
}

void live_destroy(struct live *live)
{
	if (!live)
		return;
	free(live->rows);
	free(live);
}

static void print_text(FILE *out, const struct live *live)
{
	fputs("Live References\n\n", out);
	for (uint32_t i = 0; i < live->nr_rows; i++) {
		const struct live_row *row = &live->rows[i];
		_cleanup_free_ char *name = text_is_clean(row->name)
						    ? xstrdup(row->name)
						    : text_escape(row->name, strlen(row->name));

		fprintf(out, "%-30s %6" PRIu32 "   oldest: %" PRIu64 "s ago\n", name, row->count,
			row->oldest_ns / NS_PER_S);
	}
}

static void print_json(FILE *out, const struct live *live)
{
	struct json j = { .out = out };

	json_begin_array(&j, NULL);
	for (uint32_t i = 0; i < live->nr_rows; i++) {
		json_begin_object(&j, NULL);
		json_text(&j, "name", live->rows[i].name);
		json_number(&j, "count", live->rows[i].count);
		json_number(&j, "size", live->rows[i].size);
		json_real(&j, "oldest_seconds", (double)live->rows[i].oldest_ns / NS_PER_S);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_finish(&j);
}

static void print_csv(FILE *out, const struct live *live)
{
	fputs("name,count,size,oldest_seconds\r\n", out);
	for (uint32_t i = 0; i < live->nr_rows; i++) {
		csv_text(out, true, live->rows[i].name);
		csv_number(out, false, live->rows[i].count);
		csv_number(out, false, live->rows[i].size);
		csv_number(out, false, live->rows[i].oldest_ns / NS_PER_S);
		csv_end_row(out);
	}
}

void live_print(FILE *out, const struct live *live, enum emit_format format)
{
	switch (format) {
	case EMIT_TEXT:
		print_text(out, live);
		break;
	case EMIT_JSON:
		print_json(out, live);
		break;
	case EMIT_CSV:
		print_csv(out, live);
		break;
	}
}
