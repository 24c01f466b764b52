/* SPDX-License-Identifier: MIT */
/*
 * What types are called.  A DIE does not know its parent, so the names of scopes come from one walk
 * over a unit's namespaces and types; nor does a unit that was made of what others share (dwz) know
 * its language, which is that of the units that import it.
 */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "typing/native/unit.h"
#include "typing/native/walk.h"

#define SCOPE_DEPTH_MAX	 64
#define IMPORT_DEPTH_MAX 16
#define LANGUAGE_CXX_17	 0x2b /* newer than libdw's header */
#define LANGUAGE_CXX_20	 0x2c

/* ---- languages ---- */

static bool language_is_cxx(int language)
{
	switch (language) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case LANGUAGE_CXX_17:
	case LANGUAGE_CXX_20:
		return true;
	default:
		return false;
	}
}

/* What a unit imports comes first in it. */
static void note_imports(struct debug *d, Dwarf_Die *unit, bool is_cxx, int depth)
{
	Dwarf_Die child, imported;
	Dwarf_Attribute attr;

	if (depth > IMPORT_DEPTH_MAX || dwarf_child(unit, &child))
		return;
	do {
		if (dwarf_tag(&child) != DW_TAG_imported_unit)
			return;
		if (!dwarf_formref_die(dwarf_attr(&child, DW_AT_import, &attr), &imported))
			continue;

		uint64_t *slot = map_find_or_insert(&d->languages, (uintptr_t)imported.addr, 0);

		if (*slot != MAP_EMPTY)
			continue;
		*slot = is_cxx;
		note_imports(d, &imported, is_cxx, depth + 1);
	} while (!dwarf_siblingof(&child, &child));
}

static void debug_need_imports(struct debug *d)
{
	if (d->has_imports)
		return;
	d->has_imports = true;
	for (size_t i = 0; i < d->nr_units; i++) {
		const int language = dwarf_srclang(&d->units[i].die);

		if (language >= 0)
			note_imports(d, &d->units[i].die, language_is_cxx(language), 0);
	}
}

bool debug_die_is_cxx(struct debug *d, Dwarf_Die *die)
{
	Dwarf_Die unit;

	if (!dwarf_diecu(die, &unit, NULL, NULL))
		return false;

	const uint64_t known = map_find(&d->languages, (uintptr_t)unit.addr, 0);

	if (known != MAP_EMPTY)
		return known;

	const int language = dwarf_srclang(&unit);

	if (language < 0)
		debug_need_imports(d);

	uint64_t *slot = map_find_or_insert(&d->languages, (uintptr_t)unit.addr, 0);

	if (*slot == MAP_EMPTY)
		*slot = language_is_cxx(language);
	return *slot;
}

/* ---- scopes ---- */

const char *unit_qualify(struct native *n, const char *scope, const char *name)
{
	if (!*scope)
		return heap_intern_name(n->heap, name);

	_cleanup_free_ char *qualified = xasprintf("%s::%s", scope, name);

	return heap_intern_name(n->heap, qualified);
}

static bool is_type_tag(int tag)
{
	return tag == DW_TAG_structure_type || tag == DW_TAG_class_type ||
	       tag == DW_TAG_union_type || tag == DW_TAG_enumeration_type || tag == DW_TAG_typedef;
}

/* Are there types in it? */
static bool is_scope(Dwarf_Die *die)
{
	const int tag = dwarf_tag(die);

	return dwarf_haschildren(die) > 0 &&
	       (tag == DW_TAG_namespace || tag == DW_TAG_structure_type ||
		tag == DW_TAG_class_type || tag == DW_TAG_union_type || tag == DW_TAG_module);
}

/* Notes which scope each type of a unit is in.  The names come later: a template's needs those of
 * its arguments, which may stand behind it. */
static bool note_scope(void *arg, Dwarf_Die *die, void **scope)
{
	struct debug *d = arg;

	if (*scope && is_type_tag(dwarf_tag(die)))
		*map_find_or_insert(&d->scopes, (uintptr_t)die->addr, 0) = (uintptr_t)*scope;
	if (!is_scope(die))
		return false;

	struct scope *inner = native_alloc(d->native, 1, sizeof(*inner));

	*inner = (struct scope){ .die = *die, .parent = *scope };
	*scope = inner;
	return true;
}

/* Follows a definition to where it was declared, in its scope; a class of a type unit to its name.
 */
static bool follow(Dwarf_Die *die, unsigned int attribute, Dwarf_Die *ret)
{
	Dwarf_Attribute attr;

	return dwarf_hasattr(die, attribute) &&
	       dwarf_formref_die(dwarf_attr(die, attribute, &attr), ret);
}

static const char *scope_get_name(struct debug *d, struct scope *s)
{
	if (s->name)
		return s->name;
	s->name = ""; /* damaged information may lead back here */

	Dwarf_Die named = s->die, declared;
	const char *name = template_name(d, &named);
	const char *outer = follow(&s->die, DW_AT_specification, &declared)
				    ? debug_type_scope(d, &declared)
			    : s->parent ? scope_get_name(d, s->parent)
					: "";

	if (!name && follow(&s->die, DW_AT_signature, &named))
		name = template_name(d, &named);
	if (!name && dwarf_tag(&s->die) == DW_TAG_namespace)
		name = "(anonymous namespace)";
	return s->name = name ? unit_qualify(d->native, outer, name) : outer;
}

const char *debug_type_scope(struct debug *d, Dwarf_Die *die)
{
	Dwarf_Die unit, declared = *die;

	for (int depth = 0; depth < SCOPE_DEPTH_MAX; depth++) {
		if (!follow(&declared, DW_AT_specification, &declared))
			break;
	}
	if (!dwarf_diecu(&declared, &unit, NULL, NULL))
		return "";

	uint64_t *walked = map_find_or_insert(&d->walked, (uintptr_t)unit.addr, 0);

	if (*walked == MAP_EMPTY) {
		*walked = 1;
		if (debug_die_is_cxx(d, &declared))
			walk_unit(&unit, note_scope, d, NULL);
	}

	const uint64_t scope = map_find(&d->scopes, (uintptr_t)declared.addr, 0);

	return scope == MAP_EMPTY ? "" : scope_get_name(d, (struct scope *)(uintptr_t)scope);
}

/* ---- definitions ---- */

static void add_definition(struct debug *d, Dwarf_Die *die)
{
	const char *name = template_name(d, die);

	if (!name || dwarf_tag(die) == DW_TAG_typedef || dwarf_hasattr(die, DW_AT_declaration))
		return;
	name = unit_qualify(d->native, debug_type_scope(d, die), name);

	uint64_t *slot = map_find_or_insert(&d->definitions, (uintptr_t)name, 0);

	if (*slot != MAP_EMPTY)
		return;
	*slot = d->nr_definitions;
	d->definition_dies = array_grow(d->definition_dies, d->nr_definitions, &d->definitions_room,
					sizeof(*d->definition_dies));
	d->definition_dies[d->nr_definitions++] = *die;
}

static bool note_definition(void *arg, Dwarf_Die *die, void **scope)
{
	(void)scope;
	if (is_type_tag(dwarf_tag(die)))
		add_definition(arg, die);
	return is_scope(die);
}

/* Units that hold types only, in files beside: what modules share (dwz), type units of a .dwo. */
static void find_definitions_beside(struct debug *d, Dwarf *dwarf)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint8_t type;

	while (dwarf && !dwarf_get_units(dwarf, cu, &cu, NULL, &type, &die, NULL)) {
		if (type == DW_UT_partial || type == DW_UT_type || type == DW_UT_split_type)
			walk_unit(&die, note_definition, d, NULL);
	}
}

static void debug_need_definitions(struct debug *d)
{
	if (d->has_definitions)
		return;
	d->has_definitions = true;
	debug_need_dwarf(d);
	for (size_t i = 0; i < d->nr_units; i++) {
		Dwarf *dwarf = dwarf_cu_getdwarf(d->units[i].die.cu);

		walk_unit(&d->units[i].die, note_definition, d, NULL);
		if (dwarf != d->dwarf)
			find_definitions_beside(d, dwarf);
		debug_progress(d, i + 1, d->nr_units);
	}
	find_definitions_beside(d, dwarf_getalt(d->dwarf));
}

bool debug_find_definition(struct debug *d, const char *qualified, Dwarf_Die *ret)
{
	debug_need_definitions(d);

	const uint64_t index = map_find(&d->definitions,
					(uintptr_t)heap_intern_name(d->native->heap, qualified), 0);

	if (index == MAP_EMPTY)
		return false;
	*ret = d->definition_dies[index];
	return true;
}
