/* SPDX-License-Identifier: MIT */
/*
 * Descriptions as text.
 */
#include <inttypes.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "base/text.h"
#include "heap/fold.h"
#include "heap/interior.h"
#include "report/class.h"
#include "report/describe_facts.h"
#include "typing/native/block.h"
#include "typing/native/path.h"

#define PATH_WIDEST 36
#define TYPE_WIDEST 28
#define LIST_MOST   10 /* rows, without --all */

static uint64_t nr_tables(const struct description *d)
{
	uint64_t nr = 0;

	if (!node_is_object(d->heap, d->object))
		return 0;
	for (node_id n = d->heap->next_table[d->object]; n != NODE_NONE; n = d->heap->next_table[n])
		nr++;
	return nr;
}

/* With every index, as nothing else stands for this one place. */
static const char *place_of(const struct description *d, uint64_t offset)
{
	struct native *n = d->heap->native;
	const struct ctype *t = d->object == NODE_NONE ? d->type : native_reading(n, d->object, 0);
	const bool is_told = t && !(t->size && offset >= t->size && !(t->flags & CTYPE_FLEXIBLE));

	if (is_told)
		return path_format(n, t, offset, true, NULL);
	return d->object == NODE_NONE ? NULL : heap_place(d->heap, d->object, offset);
}

/* Where the address is that was asked for; NULL: at the start. */
static char *format_asked(const struct description *d)
{
	const char *place;

	if (!d->asked || d->asked == d->addr)
		return NULL;
	if (d->asked < d->addr)
		return xasprintf("0x%" PRIx64 " is in front of it, in its block", d->asked);
	if (d->asked - d->addr >= d->size)
		return xasprintf("0x%" PRIx64 " is in a block that counts for it", d->asked);
	place = place_of(d, d->asked - d->addr);
	return xasprintf("0x%" PRIx64 " is 0x%" PRIx64 " bytes into it%s%s", d->asked,
			 d->asked - d->addr, place && *place ? ", at " : "", place ? place : "");
}

static void print_fact(FILE *out, const char *title, const char *value)
{
	if (!*value)
		return;
	fprintf(out, "  %-9s ", title);
	text_print(out, value);
	fputc('\n', out);
}

static void print_size(FILE *out, const struct description *d)
{
	const uint64_t nr = nr_tables(d);

	fprintf(out, "  %-9s %" PRIu64 " bytes", "Size", d->size);
	if (nr)
		fprintf(out, ", %" PRIu64 " with %" PRIu64 " block%s that count%s for it",
			object_size(d->heap, d->object), nr, nr == 1 ? "" : "s",
			nr == 1 ? "s" : "");
	fputc('\n', out);
}

static void print_stack(FILE *out, const struct description *d)
{
	_cleanup_free_ char *stack =
		heap_format_stack(d->heap, dump_blocks(d->heap->dump)->stack[d->object]);

	for (char *rest = stack, *line; (line = strsep(&rest, "\n")) && *line;)
		print_fact(out, "", line);
}

static void print_part_of(FILE *out, const struct description *d)
{
	struct heap *h = d->heap;
	const node_id owner = h->owner[d->object];
	_cleanup_free_ char *text = NULL;

	if (!fold_is_part(h, d->object))
		return;
	text = xasprintf("%s of %s at 0x%" PRIx64 ", for which it counts",
			 heap_part_name(h, d->object), object_type(h, owner)->name,
			 object_addr(h, owner));
	print_fact(out, "Part", text);
}

static void print_object(FILE *out, const struct description *d, bool with_stack)
{
	struct heap *h = d->heap;
	const struct type *type = object_type(h, d->object);
	const uint64_t age = object_age_ns(h, d->object);
	_cleanup_free_ char *asked = format_asked(d);
	struct human human;

	text_print(out, type->name);
	fprintf(out, " at 0x%" PRIx64 "\n", d->addr);
	if (asked)
		print_fact(out, "Address", asked);
	print_size(out, d);
	fprintf(out, "  %-9s %s: %s\n", "Evidence", provenances[type->provenance].text,
		provenances[type->provenance].summary);
	print_part_of(out, d);
	print_fact(out, "Age", human_duration(&human, age));
	print_fact(out, "Made by", describe_kind(d));
	print_fact(out, "Site", heap_object_site(h, d->object));
	if (with_stack)
		print_stack(out, d);
	for (size_t i = 0; i < NR_DESCRIBED_FACTS; i++) {
		_cleanup_free_ char *value = describe_fact(d, &described_facts[i]);

		print_fact(out, described_facts[i].title, value);
	}
	if (describe_label(d))
		print_fact(out, "Label", describe_label(d));
}

static int wider(int width, size_t len, int widest)
{
	return len > (size_t)widest || (int)len < width ? width : (int)len;
}

static void print_column(FILE *out, const char *text, int width)
{
	text_print(out, text);
	fprintf(out, "%*s  ", (int)strlen(text) < width ? width - (int)strlen(text) : 0, "");
}

static void print_field(FILE *out, const struct description *d, const struct described_field *f,
			int path_width, int type_width)
{
	_cleanup_free_ char *leads_to = f->leads_to ? pointee_format(d->heap, f->leads_to) : NULL;

	fputs("  ", out);
	if (f->nr_left_out) {
		fprintf(out, "... %" PRIu64 " more elements of %s (--all)\n", f->nr_left_out,
			*f->path ? f->path : "it");
		return;
	}
	if (path_width)
		print_column(out, f->path, path_width);
	if (type_width)
		print_column(out, f->type, type_width);
	if (f->value)
		fputs(f->value, out);
	if (leads_to && f->leads_to->kind != POINTEE_NULL) {
		fprintf(out, "%s%s", f->value ? " " : "", leads_to);
	}
	fputc('\n', out);
}

static void print_reading(FILE *out, const struct description *d, const struct described_reading *r)
{
	int path_width = 0, type_width = 0;

	for (size_t i = 0; i < r->nr; i++) {
		path_width = wider(path_width, strlen(r->fields[i].path), PATH_WIDEST);
		type_width = wider(type_width, strlen(r->fields[i].type), TYPE_WIDEST);
	}
	fputs("\nContents", out);
	if (*r->as && d->nr_readings > 1) {
		fputs(" read as ", out);
		text_print(out, r->as);
	}
	fputc('\n', out);
	for (size_t i = 0; i < r->nr; i++)
		print_field(out, d, &r->fields[i], path_width, type_width);
	if (r->nr_left_out)
		fprintf(out, "  ... %zu more (--all)\n", r->nr_left_out);
}

static void print_references(FILE *out, const struct description *d,
			     const struct described_references *r, int width)
{
	fprintf(out, "  %6" PRIu64 "  ", r->nr);
	if (!r->type) {
		text_print(out, r->relation);
	} else {
		print_column(out, r->relation, width);
		text_print(out, r->type);
		fprintf(out, " 0x%" PRIx64 "%s", object_addr(d->heap, r->first),
			r->nr > 1 ? " ..." : "");
	}
	fputc('\n', out);
}

static void print_list(FILE *out, const struct description *d, const struct described_list *list,
		       const char *title, const char *unit, bool all)
{
	const size_t nr = all || list->nr <= LIST_MOST ? list->nr : LIST_MOST;
	int width = 0;

	for (size_t i = 0; i < nr; i++)
		width = wider(width, strlen(list->items[i].relation), PATH_WIDEST);
	fprintf(out, "\n%s: %" PRIu64 " %s%s\n", title, list->nr_references, unit,
		list->nr_references == 1 ? "" : "s");
	for (size_t i = 0; i < nr; i++)
		print_references(out, d, &list->items[i], width);
	if (nr < list->nr)
		fprintf(out, "  ... %zu more (--all)\n", list->nr - nr);
}

/* Objects inside of an arena. */
static void print_interiors(FILE *out, const struct description *d, bool all)
{
	size_t nr_all, nr;
	const struct interior *inside = heap_find_interiors(d->heap, d->object, &nr_all);

	if (!nr_all)
		return;
	nr = all || nr_all <= LIST_MOST ? nr_all : LIST_MOST;
	fprintf(out, "\nInside: %zu object%s\n", nr_all, nr_all == 1 ? "" : "s");
	for (size_t i = 0; i < nr; i++) {
		fprintf(out, "  +0x%-6" PRIx64 " 0x%" PRIx64 "  ", inside[i].addr - d->addr,
			inside[i].addr);
		text_print(out, d->heap->types[inside[i].type].name);
		fputc('\n', out);
	}
	if (nr < nr_all)
		fprintf(out, "  ... %zu more (--all)\n", nr_all - nr);
}

static void print_variable(FILE *out, const struct description *d)
{
	_cleanup_free_ char *asked = format_asked(d);

	text_print(out, d->name);
	fprintf(out, " at 0x%" PRIx64 "\n", d->addr);
	if (asked)
		print_fact(out, "Address", asked);
	print_fact(out, "Kind", d->what);
	if (d->type)
		print_fact(out, "Type", d->type->name);
	if (d->size)
		fprintf(out, "  %-9s %" PRIu64 " bytes\n", "Size", d->size);
}

void describe_print(FILE *out, const struct description *d, const struct describe_options *options)
{
	if (d->object == NODE_NONE)
		print_variable(out, d);
	else
		print_object(out, d, options->with_stack);
	if (!d->has_contents)
		fputs("\nThe dump has no contents: nothing is known of fields and references\n",
		      out);
	for (unsigned int i = 0; i < d->nr_readings; i++)
		if (d->readings[i].nr)
			print_reading(out, d, &d->readings[i]);
	if (d->parts.nr)
		print_list(out, d, &d->parts, "Parts", "block", options->all);
	if (d->object != NODE_NONE)
		print_interiors(out, d, options->all);
	if (d->has_contents && d->object != NODE_NONE)
		print_list(out, d, &d->referrers, "Referrers", "reference", options->all);
	if (d->has_contents && d->size)
		print_list(out, d, &d->referents, "Referents", "reference", options->all);
}
