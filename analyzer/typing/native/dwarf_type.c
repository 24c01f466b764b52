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

struct type_die {
	struct debug *debug;
	Dwarf_Die die;
};

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

static bool get_number(Dwarf_Die *die, unsigned int attribute, uint64_t *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Word number;

	if (!dwarf_attr_integrate(die, attribute, &attr) || dwarf_formudata(&attr, &number))
		return false;
	*ret = number;
	return true;
}

/* Bytes from the start of the record; false: worked out at run time only (a virtual base). */
static bool member_offset(Dwarf_Die *die, uint64_t *ret)
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
static bool is_data_member(Dwarf_Die *die)
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

		if (!is_data_member(&child))
			continue;

		const char *name = dwarf_diename(&child);

		member_offset(&child, &offset);
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

static enum ctype_kind record_kind(int tag)
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

static struct ctype *ctype_new(struct native *n, enum ctype_kind kind, const char *name,
			       uint64_t size)
{
	struct ctype *t = native_alloc(n, 1, sizeof(*t));

	t->kind = kind;
	t->name = heap_intern_name(n->heap, name);
	t->size = size;
	return t;
}

static void remember_die(struct native *n, const struct ctype *t, struct debug *d, Dwarf_Die *die)
{
	struct type_die *source = native_alloc(n, 1, sizeof(*source));

	*source = (struct type_die){ d, *die };
	*map_find_or_insert(&n->type_dies, (uintptr_t)t, 0) = (uintptr_t)source;
}

/* A struct, class, union or enumeration. */
static const struct ctype *record_from_die(struct debug *d, Dwarf_Die *die,
					   const char *typedef_name)
{
	struct native *n = d->native;
	const enum ctype_kind kind = record_kind(dwarf_tag(die));
	const char *name = record_name(d, die, typedef_name);
	const bool is_named = dwarf_diename(die) || *typedef_name;
	uint64_t size = 0;

	get_number(die, DW_AT_byte_size, &size);

	/* The kind is in the name's keyword for C, and no two kinds share a name in C++. */
	const uint64_t layout = is_named ? layout_of(die) ^ size * HASH_MULTIPLY ^ kind
					 : (uintptr_t)die->addr;
	uint64_t *slot = map_find_or_insert(&n->types, (uintptr_t)name, layout);

	if (*slot != MAP_EMPTY)
		return (const struct ctype *)(uintptr_t)*slot;

	struct ctype *t = ctype_new(n, kind, name, size);

	*slot = (uintptr_t)t;
	if (dwarf_hasattr(die, DW_AT_declaration))
		t->flags |= CTYPE_INCOMPLETE;
	if (debug_die_is_cxx(d, die))
		t->flags |= CTYPE_CXX;
	remember_die(n, t, d, die);
	return t;
}

static const struct ctype *scalar_get(struct native *n, enum ctype_kind kind, const char *name,
				      uint64_t size, uint32_t flags)
{
	uint64_t *slot = map_find_or_insert(
		&n->types, (uintptr_t)heap_intern_name(n->heap, name), size << 8 | kind);

	if (*slot != MAP_EMPTY)
		return (const struct ctype *)(uintptr_t)*slot;

	struct ctype *t = ctype_new(n, kind, name, size);

	*slot = (uintptr_t)t;
	t->flags = flags;
	t->is_complete = true;
	return t;
}

static const struct ctype *void_get(struct native *n)
{
	return scalar_get(n, CTYPE_VOID, "void", 0, 0);
}

/* What cannot be read is no type, and what leads to it is none. */
static const struct ctype *unknown_get(struct native *n)
{
	return scalar_get(n, CTYPE_VOID, "", 0, 0);
}

static const struct ctype *base_from_die(struct debug *d, Dwarf_Die *die)
{
	uint64_t size = 0, encoding = 0;
	const char *name = dwarf_name(die);

	get_number(die, DW_AT_byte_size, &size);
	get_number(die, DW_AT_encoding, &encoding);
	switch (encoding) {
	case DW_ATE_boolean:
		return scalar_get(d->native, CTYPE_BOOL, name, size, 0);
	case DW_ATE_signed_char:
		return scalar_get(d->native, CTYPE_CHAR, name, size, CTYPE_SIGNED);
	case DW_ATE_unsigned_char:
	case DW_ATE_UTF:
		return scalar_get(d->native, CTYPE_CHAR, name, size, 0);
	case DW_ATE_float:
	case DW_ATE_complex_float:
		return scalar_get(d->native, CTYPE_FLOAT, name, size, 0);
	case DW_ATE_signed:
		return scalar_get(d->native, CTYPE_INTEGER, name, size, CTYPE_SIGNED);
	default:
		return scalar_get(d->native, CTYPE_INTEGER, name, size, 0);
	}
}

static uint64_t subrange_elements(Dwarf_Die *die)
{
	uint64_t count, upper, lower = 0;

	if (get_number(die, DW_AT_count, &count))
		return count < ELEMENTS_MAX ? count : 0;
	get_number(die, DW_AT_lower_bound, &lower);
	if (!get_number(die, DW_AT_upper_bound, &upper) || upper < lower || upper >= ELEMENTS_MAX)
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

static const struct ctype *reference_get(struct native *n, const struct ctype *target)
{
	if (ctype_is_unknown(target))
		return target;

	_cleanup_free_ char *name = xasprintf("%s &", target->name);
	uint64_t *slot = map_find_or_insert(
		&n->types, (uintptr_t)heap_intern_name(n->heap, name), (uintptr_t)target);

	if (*slot == MAP_EMPTY) {
		struct ctype *t = ctype_new(n, CTYPE_REFERENCE, name, 8);

		*slot = (uintptr_t)t;
		t->target = target;
		t->is_complete = true;
	}
	return (const struct ctype *)(uintptr_t)*slot;
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
		return reference_get(n, target_of(d, die, "", depth));
	case DW_TAG_array_type:
		return array_from_die(d, die, target_of(d, die, "", depth));
	case DW_TAG_subroutine_type:
		return scalar_get(n, CTYPE_FUNCTION, "function", 0, 0);
	case DW_TAG_ptr_to_member_type:
		return scalar_get(n, CTYPE_MEMBER_POINTER, "member pointer", 8, 0);
	default:
		return scalar_get(n, CTYPE_VOID, dwarf_name(die), 0, 0);
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

/* Bit fields: DWARF 4 and older count from the end of a storage unit, newer ones from the start of
 * the record. */
static void set_bits(Dwarf_Die *die, struct ctype_member *m)
{
	uint64_t bits, place, storage = m->type->size;

	if (!get_number(die, DW_AT_bit_size, &bits) || !bits || bits > 64)
		return;
	m->bit_size = bits;
	if (get_number(die, DW_AT_data_bit_offset, &place)) {
		m->offset = place / 8;
		m->bit_offset = place % 8;
		return;
	}
	get_number(die, DW_AT_byte_size, &storage);
	if (get_number(die, DW_AT_bit_offset, &place) && storage * 8 >= place + bits) {
		place = storage * 8 - place - bits;
		m->offset += place / 8;
		m->bit_offset = place % 8;
	}
}

static void member_from_die(struct debug *d, Dwarf_Die *die, struct ctype_member *m)
{
	const char *name = dwarf_diename(die);
	const bool is_known = member_offset(die, &m->offset);

	m->name = heap_intern_name(d->native->heap, name ? name : "");
	m->type = dwarf_type_of(d, die);
	if (dwarf_tag(die) == DW_TAG_inheritance)
		m->flags = CTYPE_MEMBER_BASE;
	if (!is_known || (m->flags && dwarf_hasattr(die, DW_AT_virtuality)))
		m->flags |= CTYPE_MEMBER_VIRTUAL_BASE;
	if (!strncmp(m->name, "_vptr", 5))
		m->flags |= CTYPE_MEMBER_VPTR;
	set_bits(die, m);
}

static size_t count_children(Dwarf_Die *die, bool (*wanted)(Dwarf_Die *child))
{
	Dwarf_Die child;
	size_t nr = 0;

	if (dwarf_child(die, &child))
		return 0;
	do
		nr += wanted(&child);
	while (!dwarf_siblingof(&child, &child));
	return nr;
}

static bool is_enumerator(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_enumerator;
}

static bool is_type_argument(Dwarf_Die *die)
{
	return dwarf_tag(die) == DW_TAG_template_type_parameter;
}

static void fill_members(struct debug *d, Dwarf_Die *die, struct ctype *t)
{
	const size_t nr = count_children(die, is_data_member);
	struct ctype_member *members = native_alloc(d->native, nr, sizeof(*members));
	Dwarf_Die child;

	if (!nr || dwarf_child(die, &child))
		return;
	do {
		if (is_data_member(&child))
			member_from_die(d, &child, &members[t->nr_members++]);
	} while (!dwarf_siblingof(&child, &child));
	t->members = members;
}

static void fill_enumerators(struct debug *d, Dwarf_Die *die, struct ctype *t)
{
	const size_t nr = count_children(die, is_enumerator);
	struct ctype_enumerator *items = native_alloc(d->native, nr, sizeof(*items));
	Dwarf_Die child;

	if (!nr || dwarf_child(die, &child))
		return;
	do {
		Dwarf_Attribute attr;
		Dwarf_Sword value = 0;

		if (!is_enumerator(&child))
			continue;
		dwarf_formsdata(dwarf_attr(&child, DW_AT_const_value, &attr), &value);
		items[t->nr_enumerators++] = (struct ctype_enumerator){
			heap_intern_name(d->native->heap, dwarf_name(&child)), value
		};
	} while (!dwarf_siblingof(&child, &child));
	t->enumerators = items;
}

static void fill_arguments(struct debug *d, Dwarf_Die *die, struct ctype *t)
{
	const size_t nr = count_children(die, is_type_argument);
	const struct ctype **items = native_alloc(d->native, nr, sizeof(*items));
	Dwarf_Die child;

	if (!nr || dwarf_child(die, &child))
		return;
	do {
		if (is_type_argument(&child))
			items[t->nr_arguments++] = dwarf_type_of(d, &child);
	} while (!dwarf_siblingof(&child, &child));
	t->arguments = items;
}

/* Its last member is an array of no, none or one element: the usual ways to write "and more". */
static bool ends_open(struct native *n, const struct ctype *t)
{
	if (t->kind != CTYPE_STRUCT || !t->nr_members)
		return false;

	const struct ctype_member *last = &t->members[t->nr_members - 1];

	if (last->type->kind == CTYPE_ARRAY)
		return last->type->nr_elements <= 1;
	return ctype_is_record(last->type) && !(last->flags & CTYPE_MEMBER_BASE) &&
	       ctype_complete(n, last->type)->flags & CTYPE_FLEXIBLE;
}

static bool has_vptr(struct native *n, const struct ctype *t)
{
	for (uint32_t i = 0; i < t->nr_members; i++) {
		const struct ctype_member *m = &t->members[i];

		if (m->flags & (CTYPE_MEMBER_VPTR | CTYPE_MEMBER_VIRTUAL_BASE))
			return true;
		if (m->flags & CTYPE_MEMBER_BASE &&
		    ctype_complete(n, m->type)->flags & CTYPE_HAS_VPTR)
			return true;
	}
	return false;
}

/* The definition of a declared type: in its own module, else in any that is open. */
static const struct ctype *find_definition(struct native *n, struct debug *first,
					   const struct ctype *t, Dwarf_Die *declaration)
{
	const char *name = t->flags & CTYPE_CXX ? t->name : dwarf_diename(declaration);
	Dwarf_Die die;

	if (!name)
		return NULL;
	if (debug_find_definition(first, name, &die))
		return type_from_die(first, &die, "", 0);
	for (size_t i = 0; i < n->nr_modules; i++) {
		struct debug *d = n->modules[i];

		if (d && d != first && d->dwarf && debug_find_definition(d, name, &die))
			return type_from_die(d, &die, "", 0);
	}
	return NULL;
}

const struct ctype *debug_find_class(struct native *n, uint64_t addr, const char *name)
{
	const uint32_t module = dump_find_module(n->heap->dump, addr);
	struct debug *d = module == UINT32_MAX ? NULL : debug_get(n, module);
	Dwarf_Die die;

	if (!d || !d->dwarf || !debug_find_definition(d, name, &die))
		return NULL;
	return ctype_complete(n, type_from_die(d, &die, "", 0));
}

const struct ctype *ctype_complete(struct native *n, const struct ctype *wanted)
{
	/* Every ctype is this file's or ctype.c's own; const is for the readers. */
	struct ctype *t = (struct ctype *)(uintptr_t)wanted;

	if (t->is_complete)
		return t->definition ? t->definition : t;
	t->is_complete = true;

	const struct type_die *source =
		(const struct type_die *)(uintptr_t)map_find(&n->type_dies, (uintptr_t)t, 0);
	Dwarf_Die die = source->die;

	if (t->flags & CTYPE_INCOMPLETE) {
		const struct ctype *found = find_definition(n, source->debug, t, &die);

		if (!found || found == t || found->kind != t->kind)
			return t;
		t->definition = found;
		return ctype_complete(n, found);
	}
	if (t->kind == CTYPE_ENUM) {
		fill_enumerators(source->debug, &die, t);
		return t;
	}
	fill_members(source->debug, &die, t);
	fill_arguments(source->debug, &die, t);
	if (ends_open(n, t))
		t->flags |= CTYPE_FLEXIBLE;
	if (has_vptr(n, t))
		t->flags |= CTYPE_HAS_VPTR;
	return t;
}
