/* SPDX-License-Identifier: MIT */
/*
 * DIEs to ctypes.  A record is made with its name and size only; its members when somebody asks.
 * Two DIEs are one type when kind, qualified name, size and the names and places of the members are
 * the same; those without a name of their own or of a typedef are one DIE each.
 */
#include <ctype.h>
#include <dwarf.h>
#include <string.h>

#include "base/mem.h"
#include "typing/native/debug.h"
#include "typing/native/unit.h"

#define DEPTH_MAX     64 /* typedefs of typedefs; damaged information may go in circles */
#define ELEMENTS_MAX  (UINT64_MAX / 2)
#define HASH_START    0xcbf29ce484222325
#define HASH_MULTIPLY 0x100000001b3

static const struct ctype *type_from_die(struct debug *d, Dwarf_Die *die, const char *typedef_name,
					 int depth);

const char *dwarf_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *name = dwarf_formstring(dwarf_attr_integrate(die, DW_AT_name, &attr));

	return name ? name : "";
}

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ ((const uint8_t *)bytes)[i]) * HASH_MULTIPLY;
	return hash;
}

bool dwarf_number(Dwarf_Die *die, unsigned int attribute, uint64_t *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Word number;

	if (!dwarf_attr_integrate(die, attribute, &attr) || dwarf_formudata(&attr, &number))
		return false;
	*ret = number;
	return true;
}

bool dwarf_member_offset(Dwarf_Die *die, uint64_t *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Word number;
	Dwarf_Op *ops;
	size_t nr;

	*ret = 0;
	if (!dwarf_attr(die, DW_AT_data_member_location, &attr))
		return true;
	if (!dwarf_formudata(&attr, &number)) {
		*ret = number;
		return true;
	}
	if (dwarf_getlocation(&attr, &ops, &nr) || nr != 1 || ops[0].atom != DW_OP_plus_uconst)
		return false;
	*ret = ops[0].number;
	return true;
}

/* A static member is a variable that is declared in a class. */
bool dwarf_is_data_member(Dwarf_Die *die)
{
	const int tag = dwarf_tag(die);

	if (tag == DW_TAG_inheritance)
		return true;
	return tag == DW_TAG_member && !dwarf_hasattr(die, DW_AT_declaration) &&
	       !dwarf_hasattr(die, DW_AT_external);
}

/* Names and places of the members, without their types: enough to tell layouts apart. */
static uint64_t layout_of(Dwarf_Die *die)
{
	uint64_t hash = HASH_START;
	Dwarf_Die child;

	if (dwarf_child(die, &child))
		return hash;
	do {
		uint64_t offset;

		if (!dwarf_is_data_member(&child))
			continue;

		const char *name = dwarf_diename(&child);

		dwarf_member_offset(&child, &offset);
		hash = hash_bytes(hash, &offset, sizeof(offset));
		if (name)
			hash = hash_bytes(hash, name, strlen(name));
	} while (!dwarf_siblingof(&child, &child));
	return hash;
}

static const char *record_keyword(int tag)
{
	switch (tag) {
	case DW_TAG_union_type:
		return "union";
	case DW_TAG_enumeration_type:
		return "enum";
	default:
		return "struct";
	}
}

/* GLib's "struct _GList" is known by its typedef. */
static bool is_tag_of_glib(const char *name)
{
	return name[0] == '_' && name[1] == 'G' && isupper((unsigned char)name[2]);
}

static const char *record_name(struct debug *d, Dwarf_Die *die, const char *typedef_name)
{
	struct heap *h = d->native->heap;
	const char *name = dwarf_diename(die);
	_cleanup_free_ char *printed = NULL;

	if (!name && *typedef_name)
		return heap_intern_name(h, typedef_name);
	if (!name)
		printed = xasprintf("%s (anonymous)", record_keyword(dwarf_tag(die)));
	else if (debug_die_is_cxx(d, die))
		return unit_qualify(d->native, debug_type_scope(d, die), template_name(d, die));
	else if (is_tag_of_glib(name))
		return heap_intern_name(h, name + 1);
	else
		printed = xasprintf("%s %s", record_keyword(dwarf_tag(die)), name);
	return heap_intern_name(h, printed);
}

enum ctype_kind dwarf_record_kind(int tag)
{
	switch (tag) {
	case DW_TAG_union_type:
		return CTYPE_UNION;
	case DW_TAG_enumeration_type:
		return CTYPE_ENUM;
	default:
		return CTYPE_STRUCT;
	}
}

static uint64_t place_hash(struct debug *d, Dwarf_Die *die)
{
	const struct die_place place = die_get_place(d, die);
	const struct dump_string id = debug_build_id(d);
	uint64_t hash = hash_bytes(HASH_START, id.bytes, id.len);

	hash = hash_bytes(hash, &place.file, sizeof(place.file));
	return hash_bytes(hash, &place.offset, sizeof(place.offset));
}

static void remember_source(struct debug *d, Dwarf_Die *die, const struct ctype *t, uint64_t layout)
{
	const char *spelling = t->flags & CTYPE_CXX ? t->name : dwarf_diename(die);

	type_set_source(
		d->native, t,
		&(struct type_source){
			.debug = d,
			.die = *die,
			.spelling = heap_intern_name(d->native->heap, spelling ? spelling : ""),
			.layout = layout,
		});
}

/* A struct, class, union or enumeration. */
static const struct ctype *record_from_die(struct debug *d, Dwarf_Die *die,
					   const char *typedef_name)
{
	struct native *n = d->native;
	const enum ctype_kind kind = dwarf_record_kind(dwarf_tag(die));
	const char *name = record_name(d, die, typedef_name);
	const bool is_named = dwarf_diename(die) || *typedef_name;
	uint64_t size = 0;

	dwarf_number(die, DW_AT_byte_size, &size);

	/* The kind is in the name's keyword for C, and no two kinds share a name in C++. */
	const uint64_t layout =
		is_named ? layout_of(die) ^ size * HASH_MULTIPLY ^ kind : place_hash(d, die);
	struct ctype *t = ctype_find_record(n, name, layout);

	if (t)
		return t;
	t = ctype_add_record(n, kind, name, size, layout);
	if (dwarf_hasattr(die, DW_AT_declaration))
		t->flags |= CTYPE_INCOMPLETE;
	if (debug_die_is_cxx(d, die))
		t->flags |= CTYPE_CXX;
	remember_source(d, die, t, layout);
	return t;
}

static const struct ctype *void_get(struct native *n)
{
	return ctype_get_scalar(n, CTYPE_VOID, "void", 0, 0);
}

/* What cannot be read is no type, and what leads to it is none. */
static const struct ctype *unknown_get(struct native *n)
{
	return ctype_get_scalar(n, CTYPE_VOID, "", 0, 0);
}

static const struct ctype *base_from_die(struct debug *d, Dwarf_Die *die)
{
	uint64_t size = 0, encoding = 0;
	const char *name = dwarf_name(die);

	dwarf_number(die, DW_AT_byte_size, &size);
	dwarf_number(die, DW_AT_encoding, &encoding);
	switch (encoding) {
	case DW_ATE_boolean:
		return ctype_get_scalar(d->native, CTYPE_BOOL, name, size, 0);
	case DW_ATE_signed_char:
		return ctype_get_scalar(d->native, CTYPE_CHAR, name, size, CTYPE_SIGNED);
	case DW_ATE_unsigned_char:
	case DW_ATE_UTF:
		return ctype_get_scalar(d->native, CTYPE_CHAR, name, size, 0);
	case DW_ATE_float:
	case DW_ATE_complex_float:
		return ctype_get_scalar(d->native, CTYPE_FLOAT, name, size, 0);
	case DW_ATE_signed:
		return ctype_get_scalar(d->native, CTYPE_INTEGER, name, size, CTYPE_SIGNED);
	default:
		return ctype_get_scalar(d->native, CTYPE_INTEGER, name, size, 0);
	}
}

static uint64_t subrange_elements(Dwarf_Die *die)
{
	uint64_t count, upper, lower = 0;

	if (dwarf_number(die, DW_AT_count, &count))
		return count < ELEMENTS_MAX ? count : 0;
	dwarf_number(die, DW_AT_lower_bound, &lower);
	if (!dwarf_number(die, DW_AT_upper_bound, &upper) || upper < lower || upper >= ELEMENTS_MAX)
		return 0;
	return upper - lower + 1;
}

/* Dimensions from the child at hand on, the first outermost. */
static const struct ctype *array_dimension(struct debug *d, Dwarf_Die *child,
					   const struct ctype *element, int depth)
{
	const uint64_t nr = subrange_elements(child);
	Dwarf_Die next = *child;

	while (depth < DEPTH_MAX && !dwarf_siblingof(&next, &next)) {
		if (dwarf_tag(&next) == DW_TAG_subrange_type) {
			element = array_dimension(d, &next, element, depth + 1);
			break;
		}
	}
	return ctype_get_array(d->native, element, nr);
}

static const struct ctype *array_from_die(struct debug *d, Dwarf_Die *die,
					  const struct ctype *element)
{
	Dwarf_Die child;

	if (!dwarf_child(die, &child)) {
		do {
			if (dwarf_tag(&child) == DW_TAG_subrange_type)
				return array_dimension(d, &child, element, 0);
		} while (!dwarf_siblingof(&child, &child));
	}
	return ctype_get_array(d->native, element, 0);
}

static const struct ctype *target_of(struct debug *d, Dwarf_Die *die, const char *typedef_name,
				     int depth)
{
	Dwarf_Attribute attr;
	Dwarf_Die target;

	if (!dwarf_attr_integrate(die, DW_AT_type, &attr))
		return void_get(d->native);
	if (depth > DEPTH_MAX || !dwarf_formref_die(&attr, &target))
		return unknown_get(d->native);
	return type_from_die(d, &target, typedef_name, depth + 1);
}

static const char *typedef_qualified(struct debug *d, Dwarf_Die *die)
{
	return unit_qualify(d->native, debug_die_is_cxx(d, die) ? debug_type_scope(d, die) : "",
			    dwarf_name(die));
}

/* A type that stands in a type unit. */
static bool find_signed(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attr;

	return dwarf_hasattr(die, DW_AT_signature) && !dwarf_hasattr(die, DW_AT_byte_size) &&
	       dwarf_formref_die(dwarf_attr(die, DW_AT_signature, &attr), ret);
}

static const struct ctype *make_from_die(struct debug *d, Dwarf_Die *die, const char *typedef_name,
					 int depth)
{
	struct native *n = d->native;
	Dwarf_Die definition;

	if (depth <= DEPTH_MAX && find_signed(die, &definition))
		return type_from_die(d, &definition, typedef_name, depth + 1);
	switch (dwarf_tag(die)) {
	case DW_TAG_base_type:
		return base_from_die(d, die);
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
		return record_from_die(d, die, typedef_name);
	case DW_TAG_typedef:
		return target_of(d, die, typedef_qualified(d, die), depth);
	case DW_TAG_const_type:
	case DW_TAG_volatile_type:
	case DW_TAG_restrict_type:
	case DW_TAG_atomic_type:
		return target_of(d, die, typedef_name, depth);
	case DW_TAG_pointer_type:
		return ctype_get_pointer(n, target_of(d, die, "", depth));
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return ctype_get_reference(n, target_of(d, die, "", depth));
	case DW_TAG_array_type:
		return array_from_die(d, die, target_of(d, die, "", depth));
	case DW_TAG_subroutine_type:
		return ctype_get_scalar(n, CTYPE_FUNCTION, "function", 0, 0);
	case DW_TAG_ptr_to_member_type:
		return ctype_get_scalar(n, CTYPE_MEMBER_POINTER, "member pointer", 8, 0);
	default:
		return ctype_get_scalar(n, CTYPE_VOID, dwarf_name(die), 0, 0);
	}
}

static const struct ctype *type_from_die(struct debug *d, Dwarf_Die *die, const char *typedef_name,
					 int depth)
{
	struct native *n = d->native;
	const uint64_t name = (uintptr_t)heap_intern_name(n->heap, typedef_name);
	const uint64_t known = map_find(&n->die_types, (uintptr_t)die->addr, name);

	if (known != MAP_EMPTY)
		return (const struct ctype *)(uintptr_t)known;

	const struct ctype *t = make_from_die(d, die, typedef_name, depth);

	*map_find_or_insert(&n->die_types, (uintptr_t)die->addr, name) = (uintptr_t)t;
	return t;
}

const struct ctype *dwarf_type_of(struct debug *d, Dwarf_Die *die)
{
	return target_of(d, die, "", 0);
}

const struct ctype *dwarf_type_from(struct debug *d, Dwarf_Die *die)
{
	return type_from_die(d, die, "", 0);
}
