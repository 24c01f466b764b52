/* SPDX-License-Identifier: MIT */
/*
 * Facts to bytes: the facts first, which need types, whose members need more types; put together in
 * the order in which they are read.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "typing/native/cache.h"
#include "typing/native/unit.h"

struct encoder {
	struct debug *debug;
	bool failed;
	struct bytes strings, modules, types, members, facts;
	uint64_t nr_strings, nr_modules;
	struct map string_index; /* (address, 0) -> index */
	struct map module_index; /* (module, 0) -> index */
	struct map type_index;	 /* (address, 0) -> index */
	const struct ctype **list;
	size_t nr_types, types_room;
};

static void put_bytes(struct bytes *b, const void *from, size_t len)
{
	if (!len)
		return;
	while (b->room - b->nr < len) {
		b->room = b->room ? b->room * 2 : 256;
		b->bytes = xrealloc(b->bytes, b->room, 1);
	}
	memcpy(b->bytes + b->nr, from, len);
	b->nr += len;
}

static void put(struct bytes *b, uint64_t number)
{
	uint8_t code[10];
	size_t len = 0;

	do {
		code[len] = number & 0x7f;
		number >>= 7;
		if (number)
			code[len] |= 0x80;
		len++;
	} while (number);
	put_bytes(b, code, len);
}

static uint64_t string_index(struct encoder *e, const char *s)
{
	uint64_t *index = map_find_or_insert(&e->string_index, (uintptr_t)s, 0);

	if (*index == MAP_EMPTY) {
		*index = e->nr_strings++;
		put(&e->strings, strlen(s));
		put_bytes(&e->strings, s, strlen(s) + 1);
	}
	return *index;
}

static uint64_t optional_string(struct encoder *e, const char *s)
{
	return s ? string_index(e, s) + 1 : 0;
}

/* The module that a type is from. */
static uint64_t module_index(struct encoder *e, const struct debug *d)
{
	uint64_t *index = map_find_or_insert(&e->module_index, d->module, 0);

	if (*index == MAP_EMPTY) {
		const struct dump_string id = debug_build_id(d);
		_cleanup_free_ char *text = debug_build_text(&id);

		e->failed |= !id.len || d->is_partial;
		*index = e->nr_modules++;
		put(&e->modules, string_index(e, heap_intern_name(e->debug->native->heap, text)));
	}
	return *index;
}

static void put_source(struct encoder *e, const struct ctype *t)
{
	const struct type_source *source = type_get_source(e->debug->native, t);
	Dwarf_Die die;

	if (!source) {
		e->failed = true;
		return;
	}
	die = source->die;

	const struct die_place place =
		die.addr ? die_get_place(source->debug, &die) : source->place;

	put(&e->types, module_index(e, source->debug));
	put(&e->types, place.file);
	put(&e->types, place.offset);
	put(&e->types, string_index(e, source->spelling));
	put(&e->types, source->layout);
}

static uint64_t type_index(struct encoder *e, const struct ctype *t)
{
	const uint64_t known = map_find(&e->type_index, (uintptr_t)t, 0);

	if (known != MAP_EMPTY)
		return known;

	const bool has_target = ctype_is_pointer(t) || t->kind == CTYPE_ARRAY;
	const uint64_t target = has_target ? type_index(e, t->target) : 0;

	*map_find_or_insert(&e->type_index, (uintptr_t)t, 0) = e->nr_types;
	e->list = array_grow(e->list, e->nr_types, &e->types_room, sizeof(*e->list));
	put(&e->types, t->kind);
	put(&e->types, t->flags);
	put(&e->types, string_index(e, t->name));
	put(&e->types, t->size);
	put(&e->types, target);
	put(&e->types, t->nr_elements);
	if (ctype_has_source(t->kind))
		put_source(e, t);
	e->list[e->nr_types] = t;
	return e->nr_types++;
}

static void put_consists(struct encoder *e, const struct ctype *t)
{
	struct bytes *b = &e->members;

	put(b, t->nr_members);
	for (uint32_t i = 0; i < t->nr_members; i++) {
		const struct ctype_member *m = &t->members[i];

		put(b, string_index(e, m->name));
		put(b, type_index(e, m->type));
		put(b, m->offset);
		put(b, m->bit_offset);
		put(b, m->bit_size);
		put(b, m->flags);
	}
	put(b, t->nr_enumerators);
	for (uint32_t i = 0; i < t->nr_enumerators; i++) {
		put(b, string_index(e, t->enumerators[i].name));
		put(b, (uint64_t)t->enumerators[i].value);
	}
	put(b, t->nr_arguments);
	for (uint32_t i = 0; i < t->nr_arguments; i++)
		put(b, type_index(e, t->arguments[i]));
}

/* Members' types join the list at its end. */
static void put_members(struct encoder *e)
{
	for (size_t i = 0; i < e->nr_types; i++) {
		const struct ctype *t = e->list[i];

		if (!ctype_has_source(t->kind))
			continue;
		if (t->definition) {
			put(&e->members, 2);
			put(&e->members, type_index(e, t->definition));
		} else if (t->is_complete && !(t->flags & CTYPE_INCOMPLETE)) {
			put(&e->members, 1);
			put_consists(e, t);
		} else {
			put(&e->members, 0);
		}
	}
}

static void put_fact(struct encoder *e, const struct fact *f)
{
	struct bytes *b = &e->facts;

	put(b, f->kind);
	put(b, f->is_returned);
	put(b, f->place);
	put(b, optional_string(e, f->name));
	put(b, f->nr);
	for (uint32_t i = 0; i < f->nr; i++) {
		put(b, optional_string(e, f->items[i].name));
		put(b, optional_string(e, f->items[i].scope));
		put(b, f->items[i].number);
		put(b, type_index(e, f->items[i].type));
	}
}

static void put_part(struct bytes *to, uint64_t nr, struct bytes *part)
{
	put(to, nr);
	put_bytes(to, part->bytes, part->nr);
}

static void encoder_deinit(struct encoder *e)
{
	free(e->strings.bytes);
	free(e->modules.bytes);
	free(e->types.bytes);
	free(e->members.bytes);
	free(e->facts.bytes);
	free(e->list);
	map_deinit(&e->string_index);
	map_deinit(&e->module_index);
	map_deinit(&e->type_index);
}

bool cache_encode(struct debug *d, struct bytes *ret)
{
	struct encoder e = { .debug = d };

	module_index(&e, d);
	for (size_t i = 0; i < d->facts.nr; i++)
		put_fact(&e, d->facts.items[i]);
	put_members(&e);
	put_part(ret, e.nr_strings, &e.strings);
	put_part(ret, e.nr_modules, &e.modules);
	put_part(ret, e.nr_types, &e.types);
	put_bytes(ret, e.members.bytes, e.members.nr);
	put_part(ret, d->facts.nr, &e.facts);
	encoder_deinit(&e);
	return !e.failed;
}
