/* SPDX-License-Identifier: MIT */
/*
 * What is inside a described object: its fields by debug information, its Python attributes, its
 * text, or, where nothing is known, its words.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/word.h"
#include "heap/root.h"
#include "report/container_value.h"
#include "report/describe.h"
#include "report/value.h"
#include "typing/cpython/value.h"
#include "typing/native/block.h"
#include "typing/native/debug.h"
#include "typing/native/fields.h"

/* Without --all. */
#define FIELDS_MOST   100
#define ELEMENTS_MOST 10
#define ITEMS_MOST    3 /* of a vector that is a field */
#define TEXT_MOST     200
#define WORDS_MOST    32

#define VARIABLE_MOST (UINT64_C(64) << 20) /* bytes: debug information may say anything */

struct filler {
	struct description *d;
	struct described_reading *reading;
	const uint8_t *bytes;
	bool all;
	const struct field *container; /* the bytes are items of that field; NULL: the object's */
	uint64_t base;		       /* where the bytes begin in the object */
};

static struct described_reading *add_reading(struct description *d, const char *as)
{
	struct described_reading *r = &d->readings[d->nr_readings++];

	r->as = as;
	return r;
}

/* NULL: it is one too many. */
static struct described_field *add_field(struct filler *f, const char *path, const char *type,
					 uint64_t offset)
{
	struct described_reading *r = f->reading;

	if (!f->all && r->nr == FIELDS_MOST) {
		r->nr_left_out++;
		return NULL;
	}
	r->fields = array_grow(r->fields, r->nr, &r->room, sizeof(*r->fields));
	r->fields[r->nr] =
		(struct described_field){ .path = xstrdup(path), .type = type, .offset = offset };
	return &r->fields[r->nr++];
}

static void set_leads_to(struct filler *f, struct described_field *field, uint64_t addr,
			 const struct ctype *pointer)
{
	field->leads_to = xcalloc(1, sizeof(*field->leads_to));
	pointee_find(f->d->heap, addr, pointer, field->leads_to);
}

static size_t text_max(bool all)
{
	return all ? SIZE_MAX : TEXT_MOST;
}

/* ---- by debug information ---- */

static void add_native(void *arg, const struct field *f)
{
	struct filler *filler = arg;
	struct described_field *field =
		add_field(filler, f->path, f->type->name, filler->base + f->offset);

	if (!field)
		return;
	field->nr_left_out = f->nr_left_out;
	if (f->nr_left_out)
		return;
	field->value = value_format(filler->d->heap->native, f, filler->bytes + f->offset,
				    text_max(filler->all));
	if (ctype_is_pointer(f->type) && f->size == sizeof(uint64_t))
		set_leads_to(filler, field, load_word(filler->bytes, f->offset), f->type);
}

static bool add_container(void *arg, const struct field *f);

/* The items of a vector, but not those of vectors in it. */
static void add_items(const struct filler *f, const struct field *container,
		      const struct container_value *value)
{
	struct native *n = f->d->heap->native;
	struct filler inner = *f;
	const struct fields_options options = { container->path, f->all ? UINT64_MAX : ITEMS_MOST,
						add_native, add_container, &inner };

	if (!value->items_size || f->container)
		return;
	inner.container = container;
	inner.base = 0;
	inner.bytes = pointee_bytes(f->d->heap, value->leads_to, value->items_size);
	if (inner.bytes)
		fields_each(n, ctype_get_array(n, value->items, 0), inner.bytes, value->items_size,
			    &options);
}

/* What is in the optional of that field, in its place. */
static void add_value(const struct filler *f, const struct field *optional,
		      const struct ctype *value)
{
	struct filler inner = *f;
	const struct fields_options options = { optional->path, f->all ? UINT64_MAX : ELEMENTS_MOST,
						add_native, add_container, &inner };

	inner.bytes += optional->offset;
	inner.base += optional->offset;
	fields_each(f->d->heap->native, value, inner.bytes, value->size, &options);
}

/* A container of the C++ library is one field, and its items; with --all as it is made, too. */
static bool add_container(void *arg, const struct field *f)
{
	struct filler *filler = arg;
	struct heap *h = filler->d->heap;
	struct container_value value;
	struct described_field *field;

	if (!container_value_find(h, f->type, filler->bytes + f->offset, text_max(filler->all),
				  &value))
		return false;
	if (value.value) {
		add_value(filler, f, value.value);
		return !filler->all;
	}
	field = add_field(filler, f->path, value.type, filler->base + f->offset);
	if (!field) {
		free(value.text);
		return true;
	}
	field->value = value.text;
	if (value.item || value.leads_to)
		set_leads_to(filler, field, value.leads_to,
			     value.item ? ctype_get_pointer(h->native, value.item) : NULL);
	if (!field->value)
		field->value =
			value.leads_to ? xasprintf("0x%" PRIx64, value.leads_to) : xstrdup("NULL");
	add_items(filler, f, &value);
	return !filler->all;
}

static void read_as(struct description *d, const struct ctype *t, const uint8_t *bytes,
		    uint64_t size, bool all)
{
	struct filler f = { d, add_reading(d, t->name), bytes, all, NULL, 0 };
	const struct fields_options options = { "", all ? UINT64_MAX : ELEMENTS_MOST, add_native,
						add_container, &f };

	fields_each(d->heap->native, t, bytes, size, &options);
}

/* ---- without ---- */

static void read_text(struct description *d, const uint8_t *bytes, bool all)
{
	struct filler f = { d, add_reading(d, ""), bytes, all, NULL, 0 };
	const char *text = (const char *)bytes;

	add_field(&f, "", "", 0)->value =
		pointee_quote(text, strnlen(text, d->size), text_max(all));
}

/* The words from offset on, nr of them alike: by the name of a relation where there is one. */
static char *name_words(struct description *d, uint64_t offset, uint64_t nr,
			const struct pointee *p)
{
	struct heap *h = d->heap;
	const uint64_t last = offset + (nr - 1) * 8;
	const bool is_object = d->object != NODE_NONE;
	const char *name = "";

	if (is_object && object_type(h, d->object)->flags & TYPE_POINTER_ARRAY)
		return nr > 1 ? xasprintf("[%lu..%lu]", offset / 8, last / 8)
			      : xasprintf("[%lu]", offset / 8);
	if (is_object && p->kind == POINTEE_OBJECT)
		name = heap_relation(h, d->object, (uint32_t)(offset / 8), h->owner[p->block]);
	if (nr == 1 && *name == '.')
		return xstrdup(name);
	return nr > 1 ? xasprintf(".+0x%" PRIx64 "..+0x%" PRIx64, offset, last)
		      : xasprintf(".+0x%" PRIx64, offset);
}

static char *format_word(const uint8_t *bytes)
{
	char text[sizeof(uint64_t) + 1];

	for (size_t i = 0; i < sizeof(uint64_t); i++)
		text[i] = bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '.';
	text[sizeof(uint64_t)] = '\0';
	return xasprintf("0x%016" PRIx64 "  %s", load_word(bytes, 0), text);
}

static void add_words(struct filler *f, uint64_t offset, uint64_t nr)
{
	const uint8_t *bytes = f->bytes + offset;
	struct pointee p;
	struct described_field *field;
	_cleanup_free_ char *path = NULL;

	pointee_find(f->d->heap, load_word(bytes, 0), NULL, &p);
	path = name_words(f->d, offset, nr, &p);
	field = add_field(f, path, "", offset);
	if (!field || p.kind == POINTEE_NULL || p.kind == POINTEE_NOTHING) {
		pointee_deinit(&p);
		if (field)
			field->value = format_word(bytes);
		return;
	}
	field->value = xasprintf("0x%" PRIx64, p.addr);
	field->leads_to = xcalloc(1, sizeof(p));
	*field->leads_to = p;
}

/* The bytes behind the last whole word. */
static void add_rest(struct filler *f, uint64_t offset, uint64_t size)
{
	_cleanup_free_ char *path = xasprintf(".+0x%" PRIx64, offset);
	struct described_field *field = add_field(f, path, "", offset);
	char *to;

	if (!field)
		return;
	to = field->value = xmalloc(size * 3 + 1);
	for (uint64_t i = 0; i < size; i++)
		to += sprintf(to, "%s%02x", i ? " " : "", f->bytes[offset + i]);
}

static void read_words(struct description *d, const uint8_t *bytes, uint64_t size, bool all)
{
	struct filler f = { d, add_reading(d, ""), bytes, all, NULL, 0 };
	const uint64_t end = size / 8 * 8;
	uint64_t next, told = 0;

	for (uint64_t at = 0; at < end; at = next) {
		if (!all && told++ == WORDS_MOST) {
			f.reading->nr_left_out += (end - at) / 8;
			break;
		}
		for (next = at + 8; next < end && load_word(bytes, next) == load_word(bytes, at);)
			next += 8;
		add_words(&f, at, (next - at) / 8);
	}
	if (size > end)
		add_rest(&f, end, size - end);
}

/* ---- Python ---- */

static void add_python(struct filler *f, const char *path, uint64_t offset, uint64_t value)
{
	const struct cpython *p = f->d->heap->cpython;
	const struct cpython_class *class = cpython_class_at(p, value);
	struct described_field *field = add_field(f, path, class ? class->name : "", offset);

	if (field)
		field->value = cpython_repr(p, value, f->all ? CPYTHON_REPR_MAX : TEXT_MOST);
}

/* Slots and C members, where they hold an object that is alive. */
static void add_members(struct filler *f)
{
	struct heap *h = f->d->heap;
	const node_id n = f->d->object;

	for (uint64_t e = h->out_first[n]; e < h->out_first[n + 1]; e++) {
		const node_id to = h->out_to[e];
		const char *relation = heap_relation(h, n, h->out_offset[e], to);

		if (*relation == '.' && strcmp(relation, ".__class__") &&
		    cpython_class_of(h->cpython, to))
			add_python(f, relation, EDGE_OFFSET(h->out_offset[e]), object_addr(h, to));
	}
}

static void read_python(struct description *d, bool all)
{
	struct cpython *p = d->heap->cpython;
	struct filler f = { d, add_reading(d, ""), NULL, all, NULL, 0 };
	const size_t max = all ? CPYTHON_REPR_MAX : TEXT_MOST;
	char *value = cpython_value_repr(p, d->addr, max);
	struct cpython_items items;

	if (value)
		add_field(&f, "", "", 0)->value = value;
	for (cpython_instance_open(p, d->addr, &items); cpython_items_next(&items);) {
		_cleanup_free_ char *key = cpython_get_utf8(p, items.key, TEXT_MOST);
		_cleanup_free_ char *path = key ? xasprintf(".%s", key) : NULL;

		if (path)
			add_python(&f, path, 0, items.value);
	}
	add_members(&f);
}

/* ---- all of them ---- */

static void read_object(struct description *d, const uint8_t *bytes, bool all)
{
	struct heap *h = d->heap;
	const struct type *type = object_type(h, d->object);

	for (unsigned int i = 0; i < DESCRIBED_READINGS_MAX; i++) {
		const struct ctype *t = native_reading(h->native, d->object, i);

		if (t)
			read_as(d, t, bytes, d->size, all);
	}
	if (d->nr_readings)
		return;
	if (type->provenance == PROVENANCE_CONTENT && !strcmp(type->name, "text"))
		read_text(d, bytes, all);
	else
		read_words(d, bytes, d->size, all);
}

/* The bytes of a variable: pages of it that were never written are not in the dump, and zero. NULL:
 * nothing of it is known.  The caller frees it. */
static uint8_t *variable_bytes(const struct description *d, uint64_t size)
{
	const struct heap *h = d->heap;
	uint8_t *bytes = xcalloc(size + sizeof(uint64_t), 1);
	bool is_known = false;

	for (uint32_t i = 0; i < h->nr_roots; i++) {
		const struct root *r = &h->roots[i];
		const uint64_t start = r->addr > d->addr ? r->addr : d->addr;
		uint64_t end = r->addr + r->size;

		if (end > d->addr + size)
			end = d->addr + size;
		if (r->kind == ROOT_REGISTER || start >= end)
			continue;
		memcpy(bytes + (start - d->addr), r->bytes + (start - r->addr), end - start);
		is_known = true;
	}
	if (!is_known && pointee_bytes(h, d->addr, size)) {
		memcpy(bytes, pointee_bytes(h, d->addr, size), size);
		is_known = true;
	}
	if (is_known)
		return bytes;
	free(bytes);
	return NULL;
}

static void read_variable(struct description *d, bool all)
{
	const uint64_t size = d->size < VARIABLE_MOST ? d->size : VARIABLE_MOST;
	_cleanup_free_ uint8_t *bytes = variable_bytes(d, size);

	if (bytes && d->type)
		read_as(d, d->type, bytes, size, all);
	else if (bytes)
		read_words(d, bytes, size, all);
}

void describe_fields(struct description *d, bool all)
{
	const struct heap *h = d->heap;
	const uint8_t *bytes;

	if (d->object == NODE_NONE) {
		read_variable(d, all);
		return;
	}
	if (h->cpython && cpython_class_of(h->cpython, d->object)) {
		read_python(d, all);
		return;
	}
	bytes = dump_block_bytes(h->dump, d->object);
	if (bytes)
		read_object(d, bytes, all);
}
