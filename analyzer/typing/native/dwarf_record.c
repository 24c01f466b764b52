/* SPDX-License-Identifier: MIT */
/*
 * What a struct, union or enumeration consists of, read when it is asked for, and where the
 * definition of one that is only declared is.
 */
#include <dwarf.h>
#include <string.h>

#include "base/mem.h"
#include "typing/native/debug.h"
#include "typing/native/unit.h"

#define COMPLETE_DEPTH_MAX 64 /* records in records that are completed for one */

/* Bit fields: DWARF 4 and older count from the end of a storage unit, newer ones from the start of
 * the record. */
static void set_bits(Dwarf_Die *die, struct ctype_member *m)
{
	uint64_t bits, place, storage = m->type->size;

	if (!dwarf_number(die, DW_AT_bit_size, &bits) || !bits || bits > 64)
		return;
	m->bit_size = bits;
	if (dwarf_number(die, DW_AT_data_bit_offset, &place)) {
		m->offset = place / 8;
		m->bit_offset = place % 8;
		return;
	}
	dwarf_number(die, DW_AT_byte_size, &storage);
	if (dwarf_number(die, DW_AT_bit_offset, &place) && storage * 8 >= place + bits) {
		place = storage * 8 - place - bits;
		m->offset += place / 8;
		m->bit_offset = place % 8;
	}
}

static void member_from_die(struct debug *d, Dwarf_Die *die, struct ctype_member *m)
{
	const char *name = dwarf_diename(die);
	const bool is_known = dwarf_member_offset(die, &m->offset);

	m->name = heap_intern_name(d->native->heap, name ? name : "");
	m->type = dwarf_type_of(d, die);
	if (dwarf_tag(die) == DW_TAG_inheritance)
		m->flags = CTYPE_MEMBER_BASE;
	if (!is_known || (m->flags && dwarf_hasattr(die, DW_AT_virtuality)))
		m->flags |= CTYPE_MEMBER_VIRTUAL_BASE;
	if (!strncmp(m->name, "_vptr", 5))
		m->flags |= CTYPE_MEMBER_VPTR;
	set_bits(die, m);
}

static size_t count_children(Dwarf_Die *die, bool (*wanted)(Dwarf_Die *child))
{
	Dwarf_Die child;
	size_t nr = 0;

	if (dwarf_child(die, &child))
		return 0;
	do
		nr += wanted(&child);
	while (!dwarf_siblingof(&child, &child));
	return nr;
}

static bool is_enumerator(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_enumerator;
}

static bool is_type_argument(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_template_type_parameter;
}

static void fill_members(struct debug *d, Dwarf_Die *die, struct ctype *t)
{
	const size_t nr = count_children(die, dwarf_is_data_member);
	struct ctype_member *members = native_alloc(d->native, nr, sizeof(*members));
	Dwarf_Die child;

	if (!nr || dwarf_child(die, &child))
		return;
	do {
		if (dwarf_is_data_member(&child))
			member_from_die(d, &child, &members[t->nr_members++]);
	} while (!dwarf_siblingof(&child, &child));
	t->members = members;
}

static void fill_enumerators(struct debug *d, Dwarf_Die *die, struct ctype *t)
{
	const size_t nr = count_children(die, is_enumerator);
	struct ctype_enumerator *items = native_alloc(d->native, nr, sizeof(*items));
	Dwarf_Die child;

	if (!nr || dwarf_child(die, &child))
		return;
	do {
		Dwarf_Attribute attr;
		Dwarf_Sword value = 0;

		if (!is_enumerator(&child))
			continue;
		dwarf_formsdata(dwarf_attr(&child, DW_AT_const_value, &attr), &value);
		items[t->nr_enumerators++] = (struct ctype_enumerator){
			heap_intern_name(d->native->heap, dwarf_name(&child)), value
		};
	} while (!dwarf_siblingof(&child, &child));
	t->enumerators = items;
}

static void fill_arguments(struct debug *d, Dwarf_Die *die, struct ctype *t)
{
	const size_t nr = count_children(die, is_type_argument);
	const struct ctype **items = native_alloc(d->native, nr, sizeof(*items));
	Dwarf_Die child;

	if (!nr || dwarf_child(die, &child))
		return;
	do {
		if (is_type_argument(&child))
			items[t->nr_arguments++] = dwarf_type_of(d, &child);
	} while (!dwarf_siblingof(&child, &child));
	t->arguments = items;
}

/* Its last member is an array of no, none or one element: the usual ways to write "and more". */
static bool ends_open(struct native *n, const struct ctype *t)
{
	if (t->kind != CTYPE_STRUCT || !t->nr_members)
		return false;

	const struct ctype_member *last = &t->members[t->nr_members - 1];

	if (last->type->kind == CTYPE_ARRAY)
		return last->type->nr_elements <= 1;
	return ctype_is_record(last->type) && !(last->flags & CTYPE_MEMBER_BASE) &&
	       ctype_complete(n, last->type)->flags & CTYPE_FLEXIBLE;
}

static bool has_vptr(struct native *n, const struct ctype *t)
{
	for (uint32_t i = 0; i < t->nr_members; i++) {
		const struct ctype_member *m = &t->members[i];

		if (m->flags & (CTYPE_MEMBER_VPTR | CTYPE_MEMBER_VIRTUAL_BASE))
			return true;
		if (m->flags & CTYPE_MEMBER_BASE &&
		    ctype_complete(n, m->type)->flags & CTYPE_HAS_VPTR)
			return true;
	}
	return false;
}

/* The type of that name, if the module defines one. */
static const struct ctype *find_named(struct debug *d, const char *name)
{
	struct fact_maker m = { .head = { .kind = FACT_NAME, .name = name } };
	const struct fact *known = facts_find(&d->facts, FACT_NAME, (uintptr_t)name);
	Dwarf_Die die;

	if (!known) {
		if (debug_find_definition(d, name, &die))
			fact_maker_add(&m, &(struct fact_item){ .type = dwarf_type_from(d, &die) });
		known = debug_add_fact(d, &m);
	}
	return known->nr ? known->items[0].type : NULL;
}

/* The definition of a declared type: in its own module, else in any other. */
static const struct ctype *find_definition(struct native *n, const struct type_source *source)
{
	const struct ctype *found;

	if (!*source->spelling)
		return NULL;
	found = find_named(source->debug, source->spelling);
	for (size_t i = 0; !found && i < n->nr_modules; i++) {
		if (n->modules[i] && n->modules[i] != source->debug && debug_has_types(n, i))
			found = find_named(n->modules[i], source->spelling);
	}
	return found;
}

const struct ctype *debug_find_class(struct native *n, uint64_t addr, const char *name)
{
	struct debug *d = debug_at(n, addr);
	const struct ctype *found;

	if (!d || !debug_has_types(n, d->module))
		return NULL;
	found = find_named(d, heap_intern_name(n->heap, name));
	return found ? ctype_complete(n, found) : NULL;
}

static void complete_declared(struct native *n, struct ctype *t, const struct type_source *source)
{
	const struct ctype *found = find_definition(n, source);

	if (found && found != t && found->kind == t->kind)
		t->definition = ctype_complete(n, found);
}

static void complete_from_die(struct native *n, struct ctype *t, struct type_source *source)
{
	struct debug *d = source->debug;

	if (!source->die.addr && !die_find(d, &source->place, t->kind, &source->die))
		return;
	d->is_news = true;
	if (t->kind == CTYPE_ENUM) {
		fill_enumerators(d, &source->die, t);
		return;
	}
	fill_members(d, &source->die, t);
	fill_arguments(d, &source->die, t);
	if (ends_open(n, t))
		t->flags |= CTYPE_FLEXIBLE;
	if (has_vptr(n, t))
		t->flags |= CTYPE_HAS_VPTR;
}

const struct ctype *ctype_complete(struct native *n, const struct ctype *wanted)
{
	/* Every ctype is this folder's own; const is for the readers. */
	struct ctype *t = (struct ctype *)(uintptr_t)wanted;

	if (t->is_complete)
		return t->definition ? t->definition : t;
	if (n->complete_depth == COMPLETE_DEPTH_MAX)
		return t;
	t->is_complete = true;
	n->complete_depth++;

	struct type_source *source = type_get_source(n, t);

	if (t->flags & CTYPE_INCOMPLETE)
		complete_declared(n, t, source);
	else
		complete_from_die(n, t, source);
	n->complete_depth--;
	return t->definition ? t->definition : t;
}
