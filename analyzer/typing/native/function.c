/* SPDX-License-Identifier: MIT */
/*
 * Functions: what they return and are handed, and whether they construct it.
 */
#include <dwarf.h>
#include <string.h>

#include "typing/native/debug.h"
#include "typing/native/unit.h"

const struct ctype *debug_find_return_type(struct native *n, uint64_t pc)
{
	struct debug *d = debug_at(n, pc);
	Dwarf_Attribute attr;
	Dwarf_Die die;

	if (!d)
		return NULL;

	struct fact_maker m = { .head = { .kind = FACT_RETURN, .place = pc - d->load_bias } };
	const struct fact *known = facts_find(&d->facts, FACT_RETURN, m.head.place);

	if (!known) {
		if (debug_find_function_die(d, pc, &die) &&
		    dwarf_attr_integrate(&die, DW_AT_type, &attr))
			fact_maker_add(&m, &(struct fact_item){ .type = dwarf_type_of(d, &die) });
		known = debug_add_fact(d, &m);
	}
	return known->nr ? known->items[0].type : NULL;
}

/* The function that begins there. */
static bool find_entry(struct native *n, uint64_t entry, struct debug **ret, Dwarf_Die *die)
{
	Dwarf_Addr start;

	*ret = debug_at(n, entry);
	return *ret && debug_find_function_die(*ret, entry, die) && !dwarf_entrypc(die, &start) &&
	       start + (*ret)->bias == entry;
}

const struct ctype *debug_find_parameter(struct native *n, uint64_t entry, unsigned int index)
{
	struct debug *d;
	Dwarf_Die die, child;

	if (!find_entry(n, entry, &d, &die) || dwarf_child(&die, &child))
		return NULL;
	do {
		if (dwarf_tag(&child) == DW_TAG_formal_parameter && !index--)
			return dwarf_type_of(d, &child);
	} while (!dwarf_siblingof(&child, &child));
	return NULL;
}

/* "Page" of "web::Page<web::Site>": where it begins, and its length. */
static const char *last_of_name(const char *name, size_t *len)
{
	const char *start = name;
	const size_t before = strcspn(name, "<");

	for (const char *p = name; p + 1 < name + before; p++) {
		if (p[0] == ':' && p[1] == ':')
			start = p + 2;
	}
	*len = name + before - start;
	return start;
}

bool debug_is_constructor(struct native *n, uint64_t entry)
{
	const struct ctype *self = debug_find_parameter(n, entry, 0);
	struct debug *d;
	Dwarf_Die die;
	size_t len;

	if (!self || !ctype_is_pointer(self) || !(self->target->flags & CTYPE_CXX) ||
	    !find_entry(n, entry, &d, &die))
		return false;

	const char *class = last_of_name(self->target->name, &len), *name = dwarf_name(&die);

	return len && !strncmp(name, class, len) && (!name[len] || name[len] == '<');
}
