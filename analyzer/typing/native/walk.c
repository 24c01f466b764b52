/* SPDX-License-Identifier: MIT */
/*
 * Every DIE has at least a byte of its own, so a walk that has seen more of them than the unit has
 * bytes goes round in circles.
 */
#include "typing/native/walk.h"

#include <dwarf.h>
#include <stdint.h>

#define DEPTH_MAX 64

struct walk {
	walk_fn *fn;
	void *arg;
	uint64_t nr_left; /* DIEs that there can be */
};

static uint64_t unit_size(Dwarf_Die *unit)
{
	Dwarf *dwarf = dwarf_cu_getdwarf(unit->cu);
	const Dwarf_Off start = dwarf_dieoffset(unit) - dwarf_cuoffset(unit);
	Dwarf_Half version;
	uint8_t type;
	Dwarf_Off next, types = 0;
	size_t header;

	if (dwarf_cu_info(unit->cu, &version, &type, NULL, NULL, NULL, NULL, NULL))
		return 0;

	const bool is_apart = version < 5 && (type == DW_UT_type || type == DW_UT_split_type);

	return dwarf_next_unit(dwarf, start, &next, &header, NULL, NULL, NULL, NULL,
			       is_apart ? &types : NULL, NULL) ||
			       next < start
		       ? 0
		       : next - start;
}

static void walk_children(struct walk *w, Dwarf_Die *parent, void *scope, int depth)
{
	Dwarf_Die die;

	if (depth > DEPTH_MAX || dwarf_child(parent, &die))
		return;
	do {
		void *inner = scope;

		if (!w->nr_left)
			return;
		w->nr_left--;
		if (w->fn(w->arg, &die, &inner))
			walk_children(w, &die, inner, depth + 1);
	} while (!dwarf_siblingof(&die, &die));
}

void walk_unit(Dwarf_Die *unit, walk_fn *fn, void *arg, void *scope)
{
	struct walk w = { fn, arg, unit_size(unit) };

	walk_children(&w, unit, scope, 0);
}
