/* SPDX-License-Identifier: MIT */
/*
 * Printing values: sets as tables, texts as Python would write them, machines' formats where they
 * are asked for.
 */
#include "expr/print.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/repr.h"
#include "partition/summary.h"
#include "report/objects.h"
#include "typing/cpython/value.h"

static void print_set(FILE *out, struct value *v, const struct table_options *options)
{
	struct table_options o = *options;

	o.all |= v->set.all;
	if (v->set.page)
		o.page = v->set.page;
	if (v->set.summary && o.format == EMIT_TEXT)
		summary_print(out, value_set_partition(v), o.all);
	else
		table_print(out, value_set_partition(v), &o);
}

/* A value inside a list: on one line. */
static void print_item(FILE *out, struct value *v)
{
	_cleanup_free_ char *text = NULL;

	switch (v->kind) {
	case VALUE_NONE:
		fputs("None", out);
		break;
	case VALUE_NUMBER:
		fprintf(out, "%" PRId64, v->number);
		break;
	case VALUE_TEXT:
		text = repr(v->text);
		fputs(text, out);
		break;
	case VALUE_SET:
		fprintf(out, "<%" PRIu32 " objects, %" PRIu64 " bytes>", v->set.nodes->nr,
			v->set.nodes->size);
		break;
	case VALUE_OBJECT:
		fputc('<', out);
		text_print(out, object_type(v->source->heap, v->object)->name);
		fprintf(out, " at 0x%" PRIx64 ">", object_addr(v->source->heap, v->object));
		break;
	case VALUE_OBJECTS:
		fprintf(out, "<%" PRIu32 " objects>", v->objects.nr);
		break;
	case VALUE_PYTHON:
		text = cpython_repr(v->source->heap->cpython, v->python, CPYTHON_REPR_MAX);
		fputs(text, out);
		break;
	case VALUE_LIST:
		fputc('[', out);
		for (size_t i = 0; i < v->list.nr; i++) {
			fputs(i ? ",\n " : "", out);
			print_item(out, v->list.items[i]);
		}
		fputc(']', out);
		break;
	case VALUE_LIVE:
		fprintf(out, "<report of %" PRIu32 " classes>", v->live->nr_rows);
		break;
	}
}

/* A str as it is, everything else as repr() writes it. */
static void json_python(struct json *j, const struct cpython *p, uint64_t addr)
{
	_cleanup_free_ char *text = cpython_get_utf8(p, addr, CPYTHON_REPR_MAX);

	if (!text)
		text = cpython_repr(p, addr, CPYTHON_REPR_MAX);
	json_text(j, NULL, text);
}

static void json_item(struct json *j, struct value *v)
{
	switch (v->kind) {
	case VALUE_NONE:
		json_text(j, NULL, NULL);
		break;
	case VALUE_NUMBER:
		json_signed(j, NULL, v->number);
		break;
	case VALUE_TEXT:
		json_text(j, NULL, v->text);
		break;
	case VALUE_SET:
		json_begin_object(j, NULL);
		json_number(j, "count", v->set.nodes->nr);
		json_number(j, "size", v->set.nodes->size);
		json_end_object(j);
		break;
	case VALUE_OBJECT:
		json_begin_object(j, NULL);
		json_addr(j, "address", object_addr(v->source->heap, v->object));
		json_text(j, "type", object_type(v->source->heap, v->object)->name);
		json_end_object(j);
		break;
	case VALUE_OBJECTS:
		json_number(j, NULL, v->objects.nr);
		break;
	case VALUE_PYTHON:
		json_python(j, v->source->heap->cpython, v->python);
		break;
	case VALUE_LIST:
		json_begin_array(j, NULL);
		for (size_t i = 0; i < v->list.nr && j->depth < JSON_DEPTH_MAX - 2; i++)
			json_item(j, v->list.items[i]);
		json_end_array(j);
		break;
	case VALUE_LIVE:
		json_number(j, NULL, v->live->nr_rows);
		break;
	}
}

static void print_plain(FILE *out, struct value *v, enum emit_format format)
{
	struct json j = { .out = out };

	if (format == EMIT_JSON) {
		json_item(&j, v);
		json_finish(&j);
		return;
	}
	print_item(out, v);
	fputc('\n', out);
}

void value_print(FILE *out, struct value *v, const struct table_options *options)
{
	switch (v->kind) {
	case VALUE_SET:
		print_set(out, v, options);
		break;
	case VALUE_OBJECT:
		objects_print(out, v->source->heap, &v->object, 1, options->format, false);
		break;
	case VALUE_OBJECTS:
		objects_print(out, v->source->heap, v->objects.ids, v->objects.nr, options->format,
			      false);
		break;
	case VALUE_LIVE:
		live_print(out, v->live, options->format);
		break;
	case VALUE_NONE:
	case VALUE_NUMBER:
	case VALUE_TEXT:
	case VALUE_PYTHON:
	case VALUE_LIST:
		print_plain(out, v, options->format);
		break;
	}
}
