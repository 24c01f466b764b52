/* SPDX-License-Identifier: MIT */
/*
 * type_info objects of the Itanium C++ ABI: { vtable of the metaclass + 16, name, ... }.  One is
 * believed only if its metaclass is
 * __class_type_info, __si_class_type_info or __vmi_class_type_info, whose own type_info says so in
 * turn; that needs no symbols.
 */
#include "typing/rtti.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/demangle.h"

#define NAME_MAX_BYTES	2048
#define BASES_MAX	256
#define BASES_DEPTH_MAX 32

static const char *const metaclass_names[] = {
	"N10__cxxabiv117__class_type_infoE",
	"N10__cxxabiv120__si_class_type_infoE",
	"N10__cxxabiv121__vmi_class_type_infoE",
};
/* Index in metaclass_names + 1. */
enum { METACLASS_PLAIN = 1, METACLASS_SINGLE, METACLASS_MULTIPLE };

static const uint8_t *read_bytes(struct typing *t, uint64_t addr, size_t len)
{
	const uint8_t *bytes = dump_find_bytes(t->heap->dump, addr, len);

	return bytes ? bytes : symbols_find_bytes(t->heap->symbols, addr, len);
}

bool rtti_read_word(struct typing *t, uint64_t addr, uint64_t *ret)
{
	const uint8_t *bytes = addr % 8 ? NULL : read_bytes(t, addr, sizeof(*ret));

	if (bytes)
		memcpy(ret, bytes, sizeof(*ret));
	return bytes;
}

/* A string of graphic ASCII, as mangled names are. */
static bool read_name(struct typing *t, uint64_t addr, char name[NAME_MAX_BYTES])
{
	for (size_t i = 0; i < NAME_MAX_BYTES; i++) {
		const uint8_t *byte = read_bytes(t, addr + i, 1);

		if (!byte)
			return false;
		name[i] = *byte;
		if (!*byte)
			return i > 0;
		if (*byte <= ' ' || *byte >= 0x7f)
			return false;
	}
	return false;
}

/* The name in the type_info that the vtable at `vtable` belongs to. */
static bool read_class_name(struct typing *t, uint64_t vtable, char name[NAME_MAX_BYTES])
{
	uint64_t info, name_addr;

	return rtti_read_word(t, vtable - 8, &info) && rtti_read_word(t, info + 8, &name_addr) &&
	       read_name(t, name_addr, name);
}

/* Index in metaclass_names + 1; 0: no metaclass. */
static uint32_t metaclass_of_name(const char *name)
{
	for (uint32_t i = 0; i < ARRAY_SIZE(metaclass_names); i++) {
		if (!strcmp(name, metaclass_names[i]))
			return i + 1;
	}
	return 0;
}

/* By the chain in memory: the metaclass's type_info is itself a __si_class_type_info. */
static uint32_t metaclass_by_chain(struct typing *t, uint64_t vtable)
{
	char name[NAME_MAX_BYTES];
	uint64_t info, meta;
	uint32_t metaclass;

	if (!read_class_name(t, vtable, name))
		return 0;
	metaclass = metaclass_of_name(name);
	if (metaclass && rtti_read_word(t, vtable - 8, &info) && rtti_read_word(t, info, &meta) &&
	    read_class_name(t, meta, name) && metaclass_of_name(name) == METACLASS_SINGLE)
		return metaclass;
	return 0;
}

static uint32_t metaclass_by_symbol(struct typing *t, uint64_t vtable)
{
	struct symbol symbol;

	if (!symbols_find(t->heap->symbols, vtable, SYMBOL_OBJECT, &symbol) ||
	    vtable != symbol.addr + 16 || strncmp(symbol.name, "_ZTV", 4))
		return 0;
	return metaclass_of_name(symbol.name + 4);
}

/* METACLASS_*, or 0: not the vtable of one. */
static uint32_t get_metaclass(struct typing *t, uint64_t vtable)
{
	uint64_t *cached = map_find_or_insert(&t->metaclasses, vtable, 0);

	if (*cached == MAP_EMPTY) {
		const uint32_t metaclass = metaclass_by_chain(t, vtable);

		*cached = metaclass ? metaclass : metaclass_by_symbol(t, vtable);
	}
	return (uint32_t)*cached;
}

/* The demangler's text for prefix + name without its introduction; NULL where it does not know the
 * name. */
static const char *demangle_as(struct typing *t, const char *prefix, const char *introduction,
			       const char *name)
{
	_cleanup_free_ char *mangled = xasprintf("%s%s", prefix, name);
	_cleanup_free_ char *plain = demangle_symbol_full(mangled);
	const size_t len = strlen(introduction);

	if (!plain || strncmp(plain, introduction, len))
		return NULL;
	return heap_intern_name(t->heap, plain + len);
}

const char *rtti_class_name(struct typing *t, uint64_t addr)
{
	char name[NAME_MAX_BYTES];
	uint64_t meta, name_addr;

	if (!rtti_read_word(t, addr, &meta) || meta % 8 || !get_metaclass(t, meta))
		return NULL;
	if (!rtti_read_word(t, addr + 8, &name_addr) || !read_name(t, name_addr, name))
		return NULL;
	/* gcc marks names that are only good within their module with a star. */
	return demangle_as(t, "_ZTI", "typeinfo for ", name + (name[0] == '*'));
}

/* The type_info of base i of the class whose type_info is at addr; false: it has no such base. */
static bool read_base(struct typing *t, uint64_t addr, uint32_t i, uint64_t *ret)
{
	uint64_t meta, flags_and_count;

	if (!rtti_read_word(t, addr, &meta))
		return false;
	switch (get_metaclass(t, meta)) {
	case METACLASS_SINGLE:
		return i == 0 && rtti_read_word(t, addr + 16, ret);
	case METACLASS_MULTIPLE:
		return rtti_read_word(t, addr + 16, &flags_and_count) &&
		       i < flags_and_count >> 32 && rtti_read_word(t, addr + 24 + 16ul * i, ret);
	default:
		return false;
	}
}

/* Appends the names of the bases, and of their bases; *nr bounds what a damaged dump may cost. */
static void add_bases(struct typing *t, uint64_t addr, uint32_t depth, uint32_t *nr, char **names)
{
	uint64_t base;

	for (uint32_t i = 0; depth < BASES_DEPTH_MAX && read_base(t, addr, i, &base); i++) {
		_cleanup_free_ char *before = NULL;
		const char *name = rtti_class_name(t, base);

		if (!name || ++*nr > BASES_MAX)
			return;
		before = *names;
		*names = xasprintf("%s%s\n", before, name);
		add_bases(t, base, depth + 1, nr, names);
	}
}

const char *rtti_base_names(struct typing *t, uint64_t addr)
{
	_cleanup_free_ char *names = xstrdup("");
	uint32_t nr = 0;

	add_bases(t, addr, 0, &nr, &names);
	return heap_intern_name(t->heap, names);
}

const char *rtti_vtable_symbol_name(struct typing *t, const char *symbol)
{
	if (strncmp(symbol, "_ZTV", 4) || strlen(symbol) > NAME_MAX_BYTES)
		return NULL;
	return demangle_as(t, "_ZTV", "vtable for ", symbol + 4);
}
