/* SPDX-License-Identifier: MIT */
/*
 * Descriptions as JSON.
 */
#include "base/mem.h"
#include "heap/fold.h"
#include "heap/interior.h"
#include "report/class.h"
#include "report/describe_facts.h"
#include "typing/native/ctype.h"

/* As of objects in lists: with their parts, and without. */
static void emit_size(struct json *j, const struct description *d)
{
	json_number(j, "size",
		    d->object == NODE_NONE ? d->size : object_size(d->heap, d->object));
	if (d->object != NODE_NONE)
		json_number(j, "own_size", d->size);
}

static void emit_object(struct json *j, const struct description *d, bool with_stack)
{
	struct heap *h = d->heap;
	const struct type *type = object_type(h, d->object);

	json_text(j, "type", type->name);
	json_text(j, "provenance", provenances[type->provenance].text);
	json_real(j, "age_seconds", (double)object_age_ns(h, d->object) / NS_PER_S);
	json_text(j, "made_by", describe_kind(d));
	json_text(j, "site", heap_object_site(h, d->object));
	for (size_t i = 0; i < NR_DESCRIBED_FACTS; i++) {
		_cleanup_free_ char *value = describe_fact(d, &described_facts[i]);

		json_text(j, described_facts[i].key, *value ? value : NULL);
	}
	if (with_stack) {
		_cleanup_free_ char *stack =
			heap_format_stack(h, dump_blocks(h->dump)->stack[d->object]);

		json_text(j, "stack", stack);
	}
	json_text(j, "label", describe_label(d));
	if (fold_is_part(h, d->object)) {
		json_text(j, "part", heap_part_name(h, d->object));
		json_addr(j, "counts_for", object_addr(h, h->owner[d->object]));
	}
}

static void emit_interiors(struct json *j, const struct description *d)
{
	size_t nr;
	const struct interior *inside = heap_find_interiors(d->heap, d->object, &nr);

	json_begin_array(j, "inside");
	for (size_t i = 0; i < nr; i++) {
		json_begin_object(j, NULL);
		json_addr(j, "address", inside[i].addr);
		json_number(j, "size", inside[i].size);
		json_text(j, "type", d->heap->types[inside[i].type].name);
		json_end_object(j);
	}
	json_end_array(j);
}

static void emit_pointee(struct json *j, const struct description *d, const struct pointee *p)
{
	json_begin_object(j, "leads_to");
	json_addr(j, "address", p->addr);
	if (p->block != NODE_NONE) {
		const node_id object = d->heap->owner[p->block];

		json_addr(j, "object", object_addr(d->heap, p->block));
		if (object != p->block)
			json_addr(j, "counts_for", object_addr(d->heap, object));
		json_text(j, "type", object_type(d->heap, p->block)->name);
		json_text(j, "place", p->place);
	}
	json_text(j, "name", p->name);
	json_text(j, "text", p->text);
	json_end_object(j);
}

static void emit_reading(struct json *j, const struct description *d,
			 const struct described_reading *r)
{
	json_begin_object(j, NULL);
	json_text(j, "as", r->as);
	json_begin_array(j, "fields");
	for (size_t i = 0; i < r->nr; i++) {
		const struct described_field *f = &r->fields[i];

		json_begin_object(j, NULL);
		json_text(j, "path", f->path);
		json_text(j, "type", f->type);
		json_number(j, "offset", f->offset);
		json_text(j, "value", f->value);
		if (f->leads_to)
			emit_pointee(j, d, f->leads_to);
		if (f->nr_left_out)
			json_number(j, "elements_left_out", f->nr_left_out);
		json_end_object(j);
	}
	json_end_array(j);
	json_number(j, "fields_left_out", r->nr_left_out);
	json_end_object(j);
}

static void emit_list(struct json *j, const struct description *d,
		      const struct described_list *list, const char *key)
{
	json_begin_array(j, key);
	for (size_t i = 0; i < list->nr; i++) {
		const struct described_references *r = &list->items[i];

		json_begin_object(j, NULL);
		json_number(j, "count", r->nr);
		json_text(j, "relation", r->relation);
		json_text(j, "type", r->type);
		if (r->type)
			json_addr(j, "first", object_addr(d->heap, r->first));
		json_end_object(j);
	}
	json_end_array(j);
}

void describe_emit(struct json *j, const struct description *d,
		   const struct describe_options *options)
{
	json_begin_object(j, NULL);
	json_addr(j, "address", d->addr);
	if (d->asked)
		json_addr(j, "asked", d->asked);
	emit_size(j, d);
	if (d->object != NODE_NONE) {
		emit_object(j, d, options->with_stack);
	} else {
		json_text(j, "name", d->name);
		json_text(j, "kind", d->what);
		json_text(j, "type", d->type ? d->type->name : NULL);
	}
	json_bool(j, "has_contents", d->has_contents);
	json_begin_array(j, "readings");
	for (unsigned int i = 0; i < d->nr_readings; i++)
		emit_reading(j, d, &d->readings[i]);
	json_end_array(j);
	emit_list(j, d, &d->parts, "parts");
	if (d->object != NODE_NONE)
		emit_interiors(j, d);
	emit_list(j, d, &d->referrers, "referrers");
	emit_list(j, d, &d->referents, "referents");
	json_end_object(j);
}
