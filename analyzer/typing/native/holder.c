/* SPDX-License-Identifier: MIT */
/*
 * Which structures of a module have another one among their members, or begin with its members: one
 * walk over the names of types, and a closer look at those that fit.
 */
#include <dwarf.h>
#include <string.h>

#include "typing/native/debug.h"
#include "typing/native/unit.h"
#include "typing/native/walk.h"

struct search {
	struct debug *debug;
	const struct ctype *record;
	const char *spelling; /* of the record in debug information */
	const char *first;    /* its first member's name; "" none */
	struct fact_maker maker;
};

static void add(struct search *s, const struct ctype *holder, uint64_t offset)
{
	for (size_t i = 0; i < s->maker.nr; i++) {
		if (s->maker.items[i].type == holder && s->maker.items[i].number == offset)
			return;
	}
	fact_maker_add(&s->maker, &(struct fact_item){ .number = offset, .type = holder });
}

/* The structure itself, whatever its typedefs are called. */
static bool find_record_die(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Die type;

	return dwarf_formref_die(dwarf_attr(die, DW_AT_type, &attr), &type) &&
	       !dwarf_peel_type(&type, ret) &&
	       (dwarf_tag(ret) == DW_TAG_structure_type || dwarf_tag(ret) == DW_TAG_class_type);
}

static bool is_called(const char *name, const char *wanted)
{
	return name && *wanted && !strcmp(name, wanted);
}

/* Has it a member of that name of a type, or a first member of that name?  To be looked at. */
static bool may_hold(const struct search *s, Dwarf_Die *record)
{
	Dwarf_Die child, type;
	bool is_first = true;

	if (dwarf_hasattr(record, DW_AT_declaration) || dwarf_child(record, &child))
		return false;
	do {
		const int tag = dwarf_tag(&child);

		if (tag != DW_TAG_member && tag != DW_TAG_inheritance)
			continue;
		if (is_first && is_called(dwarf_diename(&child), s->first))
			return true;
		is_first = false;
		if (find_record_die(&child, &type) && is_called(dwarf_diename(&type), s->spelling))
			return true;
	} while (!dwarf_siblingof(&child, &child));
	return false;
}

static void look_closer(struct search *s, Dwarf_Die *die)
{
	struct native *n = s->debug->native;
	const struct ctype *t = ctype_complete(n, dwarf_type_from(s->debug, die));

	if (t->kind != CTYPE_STRUCT || t == s->record)
		return;
	if (ctype_extends(n, t, s->record))
		add(s, t, 0);
	for (uint32_t i = 0; i < t->nr_members; i++) {
		const struct ctype_member *m = &t->members[i];

		if (!(m->flags & CTYPE_MEMBER_VIRTUAL_BASE) &&
		    ctype_complete(n, m->type) == s->record)
			add(s, t, m->offset);
	}
}

static bool visit(void *arg, Dwarf_Die *die, void **scope)
{
	struct search *s = arg;
	const int tag = dwarf_tag(die);
	Dwarf_Die record;

	(void)scope;
	if (tag == DW_TAG_structure_type || tag == DW_TAG_class_type) {
		if (dwarf_diename(die) && may_hold(s, die))
			look_closer(s, die);
		return debug_die_is_cxx(s->debug, die);
	}
	/* typedef struct { ... } name; */
	if (tag == DW_TAG_typedef && find_record_die(die, &record) && !dwarf_diename(&record) &&
	    may_hold(s, &record))
		look_closer(s, die);
	return tag == DW_TAG_namespace;
}

static const struct fact *find_holders(struct search *s)
{
	struct debug *d = s->debug;

	debug_need_dwarf(d);
	for (size_t i = 0; i < d->nr_units; i++)
		walk_unit(&d->units[i].die, visit, s, NULL);
	return debug_add_fact(d, &s->maker);
}

void debug_each_holder(struct native *n, const struct ctype *record, holder_fn *fn, void *arg)
{
	const struct type_source *source = type_get_source(n, record);
	const struct fact *known;

	if (!source)
		return;

	struct search s = {
		.debug = source->debug,
		.record = ctype_complete(n, record),
		.spelling = source->spelling,
		.first = record->nr_members ? record->members[0].name : "",
		.maker.head = { .kind = FACT_HOLDERS, .name = record->name },
	};

	known = facts_find(&s.debug->facts, FACT_HOLDERS, (uintptr_t)record->name);
	if (!known)
		known = find_holders(&s);
	for (uint32_t i = 0; i < known->nr; i++)
		fn(arg, known->items[i].type, known->items[i].number);
}
