/* SPDX-License-Identifier: MIT */
/*
 * Bytes to facts.  They are read twice: the first time only to see that every number is one that
 * can be, so that nothing has been made of a damaged file.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "typing/native/cache.h"
#include "typing/native/flow.h"
#include "typing/native/unit.h"

struct decoder {
	struct debug *debug;
	const uint8_t *at, *end;
	bool failed;
	bool is_check;	      /* nothing is made */
	const char **strings; /* [nr_strings]; of a check, in the file */
	uint64_t nr_strings;
	uint32_t *modules; /* [nr_modules] in the dump */
	uint64_t nr_modules;
	struct type_read {
		uint8_t kind, flags;
	} * types_read;	      /* [nr_types] */
	struct ctype **types; /* [nr_types] NULL while it is only checked */
	uint64_t nr_types;
};

static uint64_t get(struct decoder *r)
{
	uint64_t number = 0;

	for (unsigned int shift = 0; shift < 64 && r->at < r->end; shift += 7) {
		const uint8_t byte = *r->at++;

		number |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return number;
	}
	r->failed = true;
	return 0;
}

/* A number below limit; 0 where it is not. */
static uint64_t get_below(struct decoder *r, uint64_t limit)
{
	const uint64_t number = get(r);

	if (number < limit)
		return number;
	r->failed = true;
	return 0;
}

/* How many follow: each has a byte at least. */
static uint64_t get_count(struct decoder *r)
{
	return get_below(r, r->end - r->at + 1ul);
}

static const char *get_string(struct decoder *r)
{
	const uint64_t index = get_below(r, r->nr_strings);

	return r->failed ? "" : r->strings[index];
}

static const char *get_optional_string(struct decoder *r)
{
	const uint64_t index = get_below(r, r->nr_strings + 1);

	return r->failed || !index ? NULL : r->strings[index - 1];
}

/* NULL while it is only checked. */
static struct ctype *get_type(struct decoder *r)
{
	const uint64_t index = get_below(r, r->nr_types);

	return r->failed || r->is_check ? NULL : r->types[index];
}

static void read_strings(struct decoder *r)
{
	struct heap *h = r->debug->native->heap;

	r->nr_strings = get_count(r);
	r->strings = xcalloc(r->nr_strings + 1, sizeof(*r->strings));
	for (uint64_t i = 0; i < r->nr_strings && !r->failed; i++) {
		const uint64_t len = get_below(r, r->end - r->at);
		const char *s = (const char *)r->at;

		if (r->failed || strnlen(s, len + 1) != len) {
			r->failed = true;
			return;
		}
		r->strings[i] = r->is_check ? s : heap_intern_name(h, s);
		r->at += len + 1;
	}
}

/* The dump's module of that build; UINT32_MAX: none. */
static uint32_t find_module(const struct native *n, const char *build)
{
	size_t nr;
	const struct hc_module *modules = dump_modules(n->heap->dump, &nr);

	for (uint32_t i = 0; i < nr; i++) {
		const struct dump_string id = dump_get_string(n->heap->dump, modules[i].build_id);
		_cleanup_free_ char *text = debug_build_text(&id);

		if (id.len && !strcmp(text, build))
			return i;
	}
	return UINT32_MAX;
}

static void read_modules(struct decoder *r)
{
	const struct debug *d = r->debug;
	const struct dump_string id = debug_build_id(d);
	_cleanup_free_ char *own = debug_build_text(&id);

	r->nr_modules = get_count(r);
	r->modules = xcalloc(r->nr_modules + 1, sizeof(*r->modules));
	for (uint64_t i = 0; i < r->nr_modules && !r->failed; i++) {
		const char *build = get_string(r);

		r->modules[i] = strcmp(build, own) ? find_module(d->native, build) : d->module;
		r->failed |= r->modules[i] == UINT32_MAX;
	}
	r->failed |= !r->nr_modules || r->modules[0] != d->module;
}

static struct ctype *make_record(struct decoder *r, const struct ctype *head)
{
	struct native *n = r->debug->native;
	struct type_source source = { 0 };
	const uint64_t module = get_below(r, r->nr_modules);

	source.place.file = get_below(r, 1ull << 32);
	source.place.offset = get(r);
	source.spelling = get_string(r);
	source.layout = get(r);
	if (r->is_check || r->failed)
		return NULL;

	struct ctype *t = ctype_find_record(n, head->name, source.layout);

	if (t)
		return t;
	source.debug = debug_get(n, r->modules[module]);
	t = ctype_add_record(n, head->kind, head->name, head->size, source.layout);
	t->flags = head->flags & (CTYPE_INCOMPLETE | CTYPE_CXX);
	type_set_source(n, t, &source);
	return t;
}

static const struct ctype *make_type(struct decoder *r, const struct ctype *head)
{
	struct native *n = r->debug->native;

	if (ctype_has_source(head->kind))
		return make_record(r, head);
	if (r->is_check || r->failed)
		return NULL;
	switch (head->kind) {
	case CTYPE_POINTER:
		return ctype_get_pointer(n, head->target);
	case CTYPE_REFERENCE:
		return ctype_get_reference(n, head->target);
	case CTYPE_ARRAY:
		return ctype_get_array(n, head->target, head->nr_elements);
	case CTYPE_VOID:
	case CTYPE_BOOL:
	case CTYPE_CHAR:
	case CTYPE_INTEGER:
	case CTYPE_FLOAT:
	case CTYPE_ENUM:
	case CTYPE_MEMBER_POINTER:
	case CTYPE_FUNCTION:
	case CTYPE_STRUCT:
	case CTYPE_UNION:
		break;
	}
	return ctype_get_scalar(n, head->kind, head->name, head->size, head->flags & CTYPE_SIGNED);
}

static void read_types(struct decoder *r)
{
	const uint64_t nr = get_count(r);

	r->types_read = xcalloc(nr + 1, sizeof(*r->types_read));
	r->types = xcalloc(nr + 1, sizeof(struct ctype *));
	for (uint64_t i = 0; i < nr && !r->failed; i++) {
		struct ctype head = { .kind = get_below(r, CTYPE_ARRAY + 1) };
		uint64_t target;

		head.flags = get_below(r, CTYPE_FLAGS_LIMIT);
		head.name = get_string(r);
		head.size = get(r);
		target = get(r);
		head.nr_elements = get(r);
		if (ctype_is_pointer(&head) || head.kind == CTYPE_ARRAY) {
			if (target >= i) {
				r->failed = true;
				return;
			}
			head.target = r->types[target];
		}
		r->types_read[i] = (struct type_read){ head.kind, head.flags };
		r->types[i] = (struct ctype *)(uintptr_t)make_type(r, &head);
	}
	r->nr_types = nr;
}

/* members: NULL while it is only checked, or what is read is known already. */
static void read_member(struct decoder *r, struct ctype_member *ret)
{
	struct ctype_member m = { .name = get_string(r) };

	m.type = get_type(r);
	m.offset = get(r);
	m.bit_offset = get_below(r, 8);
	m.bit_size = get_below(r, 65);
	m.flags = get_below(r, CTYPE_MEMBER_FLAGS_LIMIT);
	if (ret)
		*ret = m;
}

/* Room in what is read for the count that follows; NULL: it is not kept. */
static void *begin_items(struct decoder *r, bool is_kept, uint32_t *nr, size_t size)
{
	*nr = get_count(r);
	return is_kept && !r->failed ? native_alloc(r->debug->native, *nr, size) : NULL;
}

/* t: what it is kept in; NULL: nothing. */
static void read_consists(struct decoder *r, struct ctype *t)
{
	struct ctype found = { 0 };
	struct ctype_member *members = begin_items(r, t, &found.nr_members, sizeof(*members));

	for (uint32_t i = 0; i < found.nr_members && !r->failed; i++)
		read_member(r, members ? &members[i] : NULL);

	struct ctype_enumerator *enumerators =
		begin_items(r, t, &found.nr_enumerators, sizeof(*enumerators));

	for (uint32_t i = 0; i < found.nr_enumerators && !r->failed; i++) {
		const char *name = get_string(r);
		const int64_t value = (int64_t)get(r);

		if (enumerators)
			enumerators[i] = (struct ctype_enumerator){ name, value };
	}

	const struct ctype **arguments =
		begin_items(r, t, &found.nr_arguments, sizeof(struct ctype *));

	for (uint32_t i = 0; i < found.nr_arguments && !r->failed; i++) {
		const struct ctype *argument = get_type(r);

		if (arguments)
			arguments[i] = argument;
	}
	if (!t || r->failed)
		return;
	t->is_complete = true;
	t->members = members;
	t->nr_members = found.nr_members;
	t->enumerators = enumerators;
	t->nr_enumerators = found.nr_enumerators;
	t->arguments = arguments;
	t->nr_arguments = found.nr_arguments;
}

/* The definition of a declared type, which has one of its kind. */
static void read_definition(struct decoder *r, uint64_t i, struct ctype *t)
{
	const uint64_t index = get_below(r, r->nr_types);

	if (r->failed || r->types_read[index].kind != r->types_read[i].kind ||
	    r->types_read[index].flags & CTYPE_INCOMPLETE)
		r->failed = true;
	else if (t && t != r->types[index])
		t->definition = r->types[index];
	if (t && t->definition)
		t->is_complete = true;
}

static void read_members(struct decoder *r)
{
	for (uint64_t i = 0; i < r->nr_types && !r->failed; i++) {
		const struct type_read *head = &r->types_read[i];
		struct ctype *t = r->types[i];

		if (!ctype_has_source(head->kind))
			continue;
		if (t && t->is_complete)
			t = NULL; /* known from another module */
		switch (get_below(r, 3)) {
		case 1:
			read_consists(r, t);
			if (t && t->nr_members)
				t->flags |= head->flags & (CTYPE_FLEXIBLE | CTYPE_HAS_VPTR);
			break;
		case 2:
			read_definition(r, i, t);
			break;
		}
	}
}

/* Is it an item that whoever asks for this kind of fact can do with? */
static void check_item(struct decoder *r, enum fact_kind kind, const struct fact_item *item,
		       enum ctype_kind type, uint64_t before)
{
	switch (kind) {
	case FACT_GLOBALS:
		r->failed |= !item->name || !item->scope || item->number < before;
		return;
	case FACT_LOCALS:
		r->failed |= !item->name;
		return;
	case FACT_FLOW:
		r->failed |= item->number > FLOW_RETURN ||
			     !(type == CTYPE_POINTER || type == CTYPE_REFERENCE);
		return;
	case FACT_HOLDERS:
		r->failed |= type != CTYPE_STRUCT && type != CTYPE_UNION;
		return;
	case FACT_RETURN:
	case FACT_NAME:
	case NR_FACT_KINDS:
		return;
	}
}

static void read_item(struct decoder *r, struct fact_maker *m)
{
	const uint64_t before = m->nr ? m->items[m->nr - 1].number : 0;
	struct fact_item item = { .name = get_optional_string(r) };
	uint64_t type;

	item.scope = get_optional_string(r);
	item.number = get(r);
	type = get_below(r, r->nr_types);
	if (r->failed)
		return;
	item.type = r->types[type];
	check_item(r, m->head.kind, &item, r->types_read[type].kind, before);
	fact_maker_add(m, &item);
}

static void read_fact(struct decoder *r)
{
	struct fact_maker m = { .head = { .kind = get_below(r, NR_FACT_KINDS) } };
	uint64_t nr;

	m.head.is_returned = get_below(r, 2);
	m.head.place = get(r);
	m.head.name = get_optional_string(r);
	nr = get_count(r);
	if (!m.head.name &&
	    (m.head.kind == FACT_NAME || m.head.kind == FACT_HOLDERS || m.head.kind == FACT_LOCALS))
		r->failed = true;
	for (uint64_t i = 0; i < nr && !r->failed; i++)
		read_item(r, &m);
	if (r->is_check || r->failed)
		free(m.items);
	else
		debug_add_fact(r->debug, &m);
}

static bool decode(struct debug *d, const uint8_t *bytes, size_t len, bool is_check)
{
	struct decoder r = { .debug = d, .at = bytes, .end = bytes + len, .is_check = is_check };
	uint64_t nr;

	read_strings(&r);
	if (!r.failed)
		read_modules(&r);
	if (!r.failed)
		read_types(&r);
	if (!r.failed)
		read_members(&r);
	nr = get_count(&r);
	for (uint64_t i = 0; i < nr && !r.failed; i++)
		read_fact(&r);
	free(r.strings);
	free(r.modules);
	free(r.types_read);
	free(r.types);
	return !r.failed && r.at == r.end;
}

bool cache_decode(struct debug *d, const uint8_t *bytes, size_t len)
{
	return decode(d, bytes, len, true) && decode(d, bytes, len, false);
}
