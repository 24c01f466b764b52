/* SPDX-License-Identifier: MIT */
/*
 * Units of a module and the functions in them.  Address ranges come from the units' own DIEs, since
 * clang writes no .debug_aranges.
 */
#include "typing/native/unit.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sorted.h"
#include "heap/symbol.h"
#include "typing/native/debug.h"

#define SCOPE_DEPTH_MAX 64

static void debug_add_range(struct debug *d, uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	d->ranges = array_grow(d->ranges, d->nr_ranges, &d->ranges_room, sizeof(*d->ranges));
	d->ranges[d->nr_ranges++] = (struct unit_range){ start, end, d->nr_units };
}

static void debug_add_unit(struct debug *d, Dwarf_Die *skeleton, Dwarf_Die *die)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t offset = 0;

	d->units = array_grow(d->units, d->nr_units, &d->units_room, sizeof(*d->units));
	while ((offset = dwarf_ranges(skeleton, offset, &base, &start, &end)) > 0)
		debug_add_range(d, start, end);
	d->units[d->nr_units++] = (struct unit){ .die = *die };
}

static int compare_ranges(const void *a, const void *b)
{
	const struct unit_range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

static void debug_load_units(struct debug *d)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die, sub;
	Dwarf_Half version;
	uint8_t type;

	while (!dwarf_get_units(d->dwarf, cu, &cu, &version, &type, &die, &sub)) {
		const bool is_split = type == DW_UT_skeleton && sub.addr;

		if (type != DW_UT_skeleton || is_split)
			debug_add_unit(d, &die, is_split ? &sub : &die);
	}
	if (d->nr_ranges)
		qsort(d->ranges, d->nr_ranges, sizeof(*d->ranges), compare_ranges);
}

struct debug *debug_get(struct native *n, uint32_t module)
{
	struct debug *d = n->modules[module];

	if (d)
		return d;
	d = n->modules[module] = xcalloc(1, sizeof(*d));
	d->native = n;
	d->dwarf = symbols_find_dwarf(n->heap->symbols, module, &d->bias);
	if (d->dwarf)
		debug_load_units(d);
	return d;
}

bool debug_has_types(struct native *n, uint32_t module)
{
	return debug_get(n, module)->nr_units;
}

void debug_close(struct debug *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->nr_units; i++)
		free(d->units[i].functions);
	map_deinit(&d->languages);
	map_deinit(&d->walked);
	map_deinit(&d->scopes);
	map_deinit(&d->definitions);
	free(d->definition_dies);
	free(d->globals);
	free(d->units);
	free(d->ranges);
	free(d);
}

struct unit *debug_find_unit(struct debug *d, uint64_t addr)
{
	const uint64_t place = addr - d->bias;
	const size_t after = SORTED_COUNT(d->ranges, d->nr_ranges, start, place);

	if (!after || place >= d->ranges[after - 1].end)
		return NULL;
	return &d->units[d->ranges[after - 1].unit];
}

static void unit_add_function(struct unit *u, Dwarf_Die *die)
{
	Dwarf_Addr base, start, end;
	ptrdiff_t offset = 0;

	while ((offset = dwarf_ranges(die, offset, &base, &start, &end)) > 0) {
		u->functions = array_grow(u->functions, u->nr_functions, &u->functions_room,
					  sizeof(*u->functions));
		u->functions[u->nr_functions++] = (struct unit_function){ start, end, *die };
	}
}

static void unit_walk_functions(struct unit *u, Dwarf_Die *parent, int depth)
{
	Dwarf_Die die;

	if (depth > SCOPE_DEPTH_MAX || dwarf_child(parent, &die))
		return;
	do {
		const int tag = dwarf_tag(&die);

		if (tag == DW_TAG_subprogram)
			unit_add_function(u, &die);
		else if (tag == DW_TAG_namespace || tag == DW_TAG_module)
			unit_walk_functions(u, &die, depth + 1);
	} while (!dwarf_siblingof(&die, &die));
}

static int compare_functions(const void *a, const void *b)
{
	const struct unit_function *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

bool debug_find_function_die(struct debug *d, uint64_t addr, Dwarf_Die *ret)
{
	struct unit *u = debug_find_unit(d, addr);
	const uint64_t place = addr - d->bias;

	if (!u)
		return false;
	if (!u->has_functions) {
		u->has_functions = true;
		unit_walk_functions(u, &u->die, 0);
		if (u->nr_functions)
			qsort(u->functions, u->nr_functions, sizeof(*u->functions),
			      compare_functions);
	}

	const size_t after = SORTED_COUNT(u->functions, u->nr_functions, start, place);

	if (!after || place >= u->functions[after - 1].end)
		return false;
	*ret = u->functions[after - 1].die;
	return true;
}
