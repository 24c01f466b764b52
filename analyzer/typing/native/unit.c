/* SPDX-License-Identifier: MIT */
/*
 * Units of a module and the functions in them.  Address ranges come from the units' own DIEs, since
 * clang writes no .debug_aranges.
 */
#include "typing/native/unit.h"

#include <dwarf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <elfutils/libdwelf.h>

#include "base/mem.h"
#include "base/sorted.h"
#include "heap/symbol.h"
#include "typing/native/cache.h"
#include "typing/native/debug.h"
#include "typing/native/walk.h"

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
	uint8_t type;

	while (!dwarf_get_units(d->dwarf, cu, &cu, NULL, &type, &die, &sub)) {
		const bool is_split = type == DW_UT_skeleton && sub.addr;

		d->is_partial |= type == DW_UT_skeleton && !is_split;
		if (is_split)
			*map_find_or_insert(&d->split_units, (uintptr_t)dwarf_cu_getdwarf(sub.cu),
					    0) = d->nr_units;
		if (type != DW_UT_skeleton || is_split)
			debug_add_unit(d, &die, is_split ? &sub : &die);
	}
	if (d->nr_ranges)
		qsort(d->ranges, d->nr_ranges, sizeof(*d->ranges), compare_ranges);
}

struct debug *debug_get(struct native *n, uint32_t module)
{
	struct debug *d = n->modules[module];
	size_t nr;

	if (d)
		return d;
	d = n->modules[module] = xcalloc(1, sizeof(*d));
	d->native = n;
	d->module = module;
	d->load_bias = dump_modules(n->heap->dump, &nr)[module].bias;
	cache_load(d);
	return d;
}

struct debug *debug_at(struct native *n, uint64_t addr)
{
	const uint32_t module = dump_find_module(n->heap->dump, addr);

	return module == UINT32_MAX ? NULL : debug_get(n, module);
}

void debug_need_dwarf(struct debug *d)
{
	const char *name;
	const void *id;

	if (d->is_tried)
		return;
	d->is_tried = true;
	d->dwarf = symbols_find_dwarf(d->native->heap->symbols, d->module, &d->bias);
	if (!d->dwarf)
		return;
	debug_load_units(d);
	d->is_partial |=
		dwelf_dwarf_gnu_debugaltlink(d->dwarf, &name, &id) > 0 && !dwarf_getalt(d->dwarf);
}

void debug_progress(const struct debug *d, size_t done, size_t total)
{
	progress_step(heap_progress(d->native->heap), "debug information", done, total);
}

bool debug_has_types(struct native *n, uint32_t module)
{
	struct debug *d = debug_get(n, module);

	if (d->is_cached)
		return true;
	debug_need_dwarf(d);
	return d->nr_units;
}

struct dump_string debug_build_id(const struct debug *d)
{
	size_t nr;
	const struct dump *dump = d->native->heap->dump;

	return dump_get_string(dump, dump_modules(dump, &nr)[d->module].build_id);
}

char *debug_build_text(const struct dump_string *id)
{
	char *text = xmalloc(id->len * 2ul + 1);

	for (uint32_t i = 0; i < id->len; i++)
		sprintf(text + i * 2ul, "%02x", (uint8_t)id->bytes[i]);
	text[id->len * 2ul] = '\0';
	return text;
}

struct type_source *type_get_source(const struct native *n, const struct ctype *t)
{
	const uint64_t source = map_find(&n->type_sources, (uintptr_t)t, 0);

	return source == MAP_EMPTY ? NULL : (struct type_source *)(uintptr_t)source;
}

void type_set_source(struct native *n, const struct ctype *t, const struct type_source *source)
{
	struct type_source *copy = native_alloc(n, 1, sizeof(*copy));

	*copy = *source;
	*map_find_or_insert(&n->type_sources, (uintptr_t)t, 0) = (uintptr_t)copy;
}

/* ---- facts ---- */

const struct fact *debug_add_fact(struct debug *d, struct fact_maker *m)
{
	d->is_news = true;
	return facts_add(&d->facts, fact_maker_finish(m));
}

const struct fact *debug_find_flow(struct native *n, uint64_t return_address)
{
	const struct debug *d = debug_at(n, return_address);

	return d ? facts_find(&d->facts, FACT_FLOW, return_address - d->load_bias) : NULL;
}

const struct fact *debug_add_flow(struct native *n, uint64_t return_address, struct fact_maker *m)
{
	struct debug *d = debug_at(n, return_address);

	m->head.kind = FACT_FLOW;
	m->head.place = return_address - d->load_bias;
	return debug_add_fact(d, m);
}

void debug_close(struct debug *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->nr_units; i++)
		free(d->units[i].functions);
	facts_deinit(&d->facts);
	map_deinit(&d->split_units);
	map_deinit(&d->languages);
	map_deinit(&d->walked);
	map_deinit(&d->scopes);
	map_deinit(&d->definitions);
	map_deinit(&d->holders.by_name);
	free(d->holders.items);
	free(d->definition_dies);
	free(d->units);
	free(d->ranges);
	free(d);
}

/* The unit whose code holds addr of the process; NULL: none. */
static struct unit *find_unit(struct debug *d, uint64_t addr)
{
	debug_need_dwarf(d);

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

static bool note_function(void *unit, Dwarf_Die *die, void **scope)
{
	const int tag = dwarf_tag(die);

	(void)scope;
	if (tag == DW_TAG_subprogram)
		unit_add_function(unit, die);
	return tag == DW_TAG_namespace || tag == DW_TAG_module;
}

static int compare_functions(const void *a, const void *b)
{
	const struct unit_function *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

bool debug_find_function_die(struct debug *d, uint64_t addr, Dwarf_Die *ret)
{
	struct unit *u = find_unit(d, addr);

	if (!u)
		return false;

	const uint64_t place = addr - d->bias;

	if (!u->has_functions) {
		u->has_functions = true;
		walk_unit(&u->die, note_function, u, NULL);
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
