/* SPDX-License-Identifier: MIT */
/*
 * Where DIEs are: places that outlive the files that are open, and back.
 */
#include <dwarf.h>

#include "typing/native/unit.h"

static bool is_in_debug_types(Dwarf_Die *die)
{
	Dwarf_Half version;
	uint8_t type;

	return !dwarf_cu_info(die->cu, &version, &type, NULL, NULL, NULL, NULL, NULL) &&
	       version < 5 && (type == DW_UT_type || type == DW_UT_split_type);
}

struct die_place die_get_place(struct debug *d, Dwarf_Die *die)
{
	const Dwarf *dwarf = dwarf_cu_getdwarf(die->cu);
	struct die_place place = { .offset = dwarf_dieoffset(die) };

	if (dwarf == d->dwarf) {
		place.file = is_in_debug_types(die) ? DEBUG_FILE_TYPES : DEBUG_FILE_MAIN;
	} else if (dwarf == dwarf_getalt(d->dwarf)) {
		place.file = DEBUG_FILE_SHARED;
	} else {
		const uint64_t unit = map_find(&d->split_units, (uintptr_t)dwarf, 0);

		place.file = is_in_debug_types(die) || unit == MAP_EMPTY
				     ? DEBUG_FILE_NOWHERE
				     : DEBUG_FILE_SPLIT + (uint32_t)unit;
	}
	return place;
}

static Dwarf *find_file(struct debug *d, uint32_t file)
{
	if (file < DEBUG_FILE_SHARED)
		return d->dwarf;
	if (file == DEBUG_FILE_SHARED)
		return dwarf_getalt(d->dwarf);
	return file - DEBUG_FILE_SPLIT < d->nr_units
		       ? dwarf_cu_getdwarf(d->units[file - DEBUG_FILE_SPLIT].die.cu)
		       : NULL;
}

static bool is_of_kind(Dwarf_Die *die, enum ctype_kind kind)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		return dwarf_record_kind(dwarf_tag(die)) == kind;
	default:
		return false;
	}
}

bool die_find(struct debug *d, const struct die_place *place, enum ctype_kind kind, Dwarf_Die *ret)
{
	debug_need_dwarf(d);

	Dwarf *dwarf = d->dwarf ? find_file(d, place->file) : NULL;

	if (!dwarf)
		return false;
	return (place->file == DEBUG_FILE_TYPES ? dwarf_offdie_types(dwarf, place->offset, ret)
						: dwarf_offdie(dwarf, place->offset, ret)) &&
	       is_of_kind(ret, kind);
}
