/* SPDX-License-Identifier: MIT */
/*
 * Which structures of a module have another one among their members, or begin with its members.
 * One walk over all types, when the first is asked for, writes down what their members are called
 * by; of those that fit by name a closer look says which are right.
 */
#include <dwarf.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/mem.h"
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

enum clue {
	CLUE_MEMBER, /* it has a member of a structure of that name */
	CLUE_FIRST,  /* its first member has that name */
};

/* Two names of one hash cost a closer look. */
static void add_clue(struct debug *d, enum clue clue, const char *name, Dwarf_Die *holder)
{
	struct holders *h = &d->holders;
	const uint32_t nr = h->nr;

	if (!name || !*name)
		return;

	uint64_t *first = map_find_or_insert(&h->by_name, XXH3_64bits(name, strlen(name)), clue);

	if (*first == MAP_EMPTY)
		*first = nr;
	else if (h->items[h->items[*first].last].die.addr == holder->addr)
		return; /* several members of that name */
	h->items = array_grow(h->items, h->nr, &h->room, sizeof(*h->items));
	h->items[h->nr++] = (struct holder){ *holder, nr, nr };
	h->items[h->items[*first].last].next = nr;
	h->items[*first].last = nr;
}

/* die: where its name is, its typedef or the structure itself. */
static void add_clues(struct debug *d, Dwarf_Die *record, Dwarf_Die *die)
{
	Dwarf_Die child, type;
	bool is_first = true;

	if (dwarf_hasattr(record, DW_AT_declaration) || dwarf_child(record, &child))
		return;
	do {
		const int tag = dwarf_tag(&child);

		if (tag != DW_TAG_member && tag != DW_TAG_inheritance)
			continue;
		if (is_first)
			add_clue(d, CLUE_FIRST, dwarf_diename(&child), die);
		is_first = false;
		if (find_record_die(&child, &type))
			add_clue(d, CLUE_MEMBER, dwarf_diename(&type), die);
	} while (!dwarf_siblingof(&child, &child));
}

static bool visit(void *arg, Dwarf_Die *die, void **scope)
{
	const int tag = dwarf_tag(die);
	struct debug *d = arg;
	Dwarf_Die record;

	(void)scope;
	if (tag == DW_TAG_structure_type || tag == DW_TAG_class_type) {
		if (dwarf_diename(die))
			add_clues(d, die, die);
		return debug_die_is_cxx(d, die);
	}
	/* typedef struct { ... } name; */
	if (tag == DW_TAG_typedef && find_record_die(die, &record) && !dwarf_diename(&record))
		add_clues(d, &record, die);
	return tag == DW_TAG_namespace;
}

static void need_clues(struct debug *d)
{
	debug_need_dwarf(d);
	for (size_t i = 0; !d->holders.is_made && i < d->nr_units; i++)
		walk_unit(&d->units[i].die, visit, d, NULL);
	d->holders.is_made = true;
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

static void follow_clue(struct search *s, enum clue clue, const char *name)
{
	const struct holders *h = &s->debug->holders;
	uint64_t at = map_find(&h->by_name, XXH3_64bits(name, strlen(name)), clue);

	while (at != MAP_EMPTY) {
		Dwarf_Die die = h->items[at].die;
		const uint32_t next = h->items[at].next;

		look_closer(s, &die);
		at = next == at ? MAP_EMPTY : next;
	}
}

static const struct fact *find_holders(struct search *s)
{
	need_clues(s->debug);
	follow_clue(s, CLUE_MEMBER, s->spelling);
	follow_clue(s, CLUE_FIRST, s->first);
	return debug_add_fact(s->debug, &s->maker);
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
