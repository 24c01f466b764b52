/* SPDX-License-Identifier: MIT */
/*
 * Globals and static locals, by address.
 */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/sorted.h"
#include "heap/symbol.h"
#include "typing/native/debug.h"
#include "typing/native/unit.h"
#include "typing/native/walk.h"

static bool fixed_address(struct debug *d, Dwarf_Die *die, uint64_t *ret)
{
	Dwarf_Attribute attr, address;
	Dwarf_Op *ops;
	size_t nr;
	Dwarf_Addr addr;

	if (!dwarf_attr(die, DW_AT_location, &attr) || dwarf_getlocation(&attr, &ops, &nr) ||
	    nr != 1)
		return false;
	if (ops[0].atom == DW_OP_addr)
		addr = ops[0].number;
	else if (dwarf_getlocation_attr(&attr, ops, &address) || dwarf_formaddr(&address, &addr))
		return false;
	*ret = addr + d->bias;
	return addr;
}

static const char *variable_name(struct native *n, Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *mangled =
		dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attr));

	if (mangled)
		return symbols_demangle(n->heap->symbols, mangled);
	return heap_intern_name(n->heap, dwarf_name(die));
}

struct global_search {
	struct debug *debug;
	struct fact_maker fact;
};

static void add_global(struct global_search *s, Dwarf_Die *die, const char *scope)
{
	struct debug *d = s->debug;
	uint64_t addr;

	if (!fixed_address(d, die, &addr))
		return;

	const struct fact_item item = { variable_name(d->native, die), scope, addr - d->load_bias,
					dwarf_type_of(d, die) };

	if (*item.name)
		fact_maker_add(&s->fact, &item);
}

/* scope: the name of the function, of its static variables. */
static bool note_global(void *arg, Dwarf_Die *die, void **scope)
{
	struct global_search *s = arg;

	switch (dwarf_tag(die)) {
	case DW_TAG_variable:
		add_global(s, die, *scope);
		return false;
	case DW_TAG_subprogram:
		if (dwarf_haschildren(die) <= 0)
			return false;
		*scope = (void *)(uintptr_t)heap_intern_name(s->debug->native->heap,
							     dwarf_name(die));
		return true;
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_lexical_block:
		return true;
	default:
		return false;
	}
}

static int compare_globals(const void *a, const void *b)
{
	const struct fact_item *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void sort_globals(struct fact_maker *m)
{
	size_t nr = 0;

	if (m->nr)
		qsort(m->items, m->nr, sizeof(*m->items), compare_globals);
	for (size_t i = 0; i < m->nr; i++) {
		if (!nr || m->items[nr - 1].number != m->items[i].number)
			m->items[nr++] = m->items[i];
	}
	m->nr = nr;
}

static const struct fact *find_globals(struct debug *d)
{
	const struct fact *known = facts_find(&d->facts, FACT_GLOBALS, 0);
	struct global_search s = { d, { .head.kind = FACT_GLOBALS } };
	const char *no_function = heap_intern_name(d->native->heap, "");

	if (known)
		return known;
	debug_need_dwarf(d);
	for (size_t i = 0; i < d->nr_units; i++) {
		walk_unit(&d->units[i].die, note_global, &s, (void *)(uintptr_t)no_function);
		debug_progress(d, i + 1, d->nr_units);
	}
	sort_globals(&s.fact);
	return debug_add_fact(d, &s.fact);
}

static struct variable global_variable(const struct debug *d, const struct fact_item *item)
{
	return (struct variable){ item->name, item->scope, item->number + d->load_bias,
				  item->type };
}

void debug_each_global(struct native *n, uint32_t module, variable_fn *fn, void *arg)
{
	struct debug *d = debug_get(n, module);
	const struct fact *globals = find_globals(d);

	for (uint32_t i = 0; i < globals->nr; i++) {
		const struct variable v = global_variable(d, &globals->items[i]);

		fn(arg, &v);
	}
}

bool debug_find_global(struct native *n, uint64_t addr, struct variable *ret)
{
	struct debug *d = debug_at(n, addr);

	if (!d)
		return false;

	const struct fact *globals = find_globals(d);
	const size_t after = SORTED_COUNT(globals->items, globals->nr, number, addr - d->load_bias);

	if (!after)
		return false;
	*ret = global_variable(d, &globals->items[after - 1]);

	const uint64_t size = ctype_complete(n, ret->type)->size;

	return addr == ret->addr || addr - ret->addr < size;
}
