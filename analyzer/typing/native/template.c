/* SPDX-License-Identifier: MIT */
/*
 * Names of template instances.  With -gsimple-template-names they are left out of DW_AT_name and
 * are put together here from the parameters, spelled as gcc spells them.
 */
#include <dwarf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "typing/native/unit.h"

#define DEPTH_MAX     16   /* templates of templates, packs in packs */
#define ARGUMENTS_MAX 1000 /* of one name, arguments' arguments included */

static void spell_type(struct debug *d, Dwarf_Die *die, FILE *out, int depth);

/* The type that the DIE's DW_AT_type leads to. */
static void spell_target(struct debug *d, Dwarf_Die *die, FILE *out, int depth)
{
	Dwarf_Attribute attr;
	Dwarf_Die target;

	if (depth < DEPTH_MAX && dwarf_attr_integrate(die, DW_AT_type, &attr) &&
	    dwarf_formref_die(&attr, &target))
		spell_type(d, &target, out, depth + 1);
	else
		fputs("void", out);
}

static void spell_function(struct debug *d, Dwarf_Die *die, FILE *out, int depth)
{
	const char *separator = "";
	Dwarf_Die child;

	spell_target(d, die, out, depth);
	fputs(" (", out);
	if (!dwarf_child(die, &child)) {
		do {
			if (dwarf_tag(&child) != DW_TAG_formal_parameter)
				continue;
			fputs(separator, out);
			spell_target(d, &child, out, depth);
			separator = ", ";
		} while (!dwarf_siblingof(&child, &child));
	}
	fputc(')', out);
}

static const char *suffix_of(int tag)
{
	switch (tag) {
	case DW_TAG_const_type:
		return " const";
	case DW_TAG_volatile_type:
		return " volatile";
	case DW_TAG_pointer_type:
		return "*";
	case DW_TAG_reference_type:
		return "&";
	case DW_TAG_rvalue_reference_type:
		return "&&";
	default:
		return NULL;
	}
}

static void spell_type(struct debug *d, Dwarf_Die *die, FILE *out, int depth)
{
	const int tag = dwarf_tag(die);
	const char *suffix = suffix_of(tag);

	if (suffix || tag == DW_TAG_typedef) {
		spell_target(d, die, out, depth);
		fputs(suffix ? suffix : "", out);
	} else if (tag == DW_TAG_subroutine_type) {
		spell_function(d, die, out, depth);
	} else {
		fputs(dwarf_type_from(d, die)->name, out);
	}
}

static void spell_value(Dwarf_Die *die, FILE *out)
{
	Dwarf_Attribute attr;
	Dwarf_Sword number;

	if (!dwarf_formsdata(dwarf_attr(die, DW_AT_const_value, &attr), &number))
		fprintf(out, "%" PRId64, (int64_t)number);
	else
		fputc('?', out);
}

/* Writes the arguments among the DIE's children; returns their number. */
static unsigned int spell_arguments(struct debug *d, Dwarf_Die *die, FILE *out, unsigned int nr,
				    int depth)
{
	Dwarf_Die child;

	if (depth > DEPTH_MAX || dwarf_child(die, &child))
		return nr;
	do {
		const int tag = dwarf_tag(&child);

		if (tag == DW_TAG_GNU_template_parameter_pack) {
			nr = spell_arguments(d, &child, out, nr, depth + 1);
			continue;
		}
		if (++d->nr_spelled > ARGUMENTS_MAX)
			break;
		if (tag != DW_TAG_template_type_parameter &&
		    tag != DW_TAG_template_value_parameter &&
		    tag != DW_TAG_GNU_template_template_param)
			continue;
		fputs(nr++ ? ", " : "<", out);
		if (tag == DW_TAG_template_type_parameter) {
			spell_target(d, &child, out, 0);
		} else if (tag == DW_TAG_template_value_parameter) {
			spell_value(&child, out);
		} else {
			Dwarf_Attribute attr;
			const char *name = dwarf_formstring(
				dwarf_attr(&child, DW_AT_GNU_template_name, &attr));

			fputs(name ? name : "?", out);
		}
	} while (!dwarf_siblingof(&child, &child));
	return nr;
}

const char *template_name(struct debug *d, Dwarf_Die *die)
{
	const char *name = dwarf_diename(die);
	_cleanup_free_ char *arguments = NULL;
	size_t len;

	if (!name || strchr(name, '<') || d->naming_depth == DEPTH_MAX ||
	    dwarf_haschildren(die) <= 0 || dwarf_tag(die) == DW_TAG_namespace ||
	    !debug_die_is_cxx(d, die))
		return name;
	_cleanup_fclose_ FILE *out = open_memstream(&arguments, &len);

	if (!out)
		mem_exhausted();
	d->naming_depth++;

	const unsigned int nr = spell_arguments(d, die, out, 0, 0);

	if (!--d->naming_depth)
		d->nr_spelled = 0;
	if (!nr)
		return name;
	fflush(out);

	_cleanup_free_ char *whole =
		xasprintf("%s%s%s>", name, arguments, arguments[len - 1] == '>' ? " " : "");

	return heap_intern_name(d->native->heap, whole);
}
