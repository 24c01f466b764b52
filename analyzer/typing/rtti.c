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

#define NAME_MAX_BYTES 2048

static const char *const metaclass_names[] = {
	"N10__cxxabiv117__class_type_infoE",
	"N10__cxxabiv120__si_class_type_infoE",
	"N10__cxxabiv121__vmi_class_type_infoE",
};

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

static bool is_metaclass_name(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(metaclass_names); i++) {
		if (!strcmp(name, metaclass_names[i]))
			return true;
	}
	return false;
}

/* By the chain in memory: the metaclass's type_info is itself a __si_class_type_info. */
static bool is_metaclass_by_chain(struct typing *t, uint64_t vtable)
{
	char name[NAME_MAX_BYTES];
	uint64_t info, meta;

	if (!read_class_name(t, vtable, name) || !is_metaclass_name(name))
		return false;
	return rtti_read_word(t, vtable - 8, &info) && rtti_read_word(t, info, &meta) &&
	       read_class_name(t, meta, name) && !strcmp(name, metaclass_names[1]);
}

static bool is_metaclass_by_symbol(struct typing *t, uint64_t vtable)
{
	struct symbol symbol;

	return symbols_find(t->heap->symbols, vtable, SYMBOL_OBJECT, &symbol) &&
	       vtable == symbol.addr + 16 && !strncmp(symbol.name, "_ZTV", 4) &&
	       is_metaclass_name(symbol.name + 4);
}

static bool is_metaclass(struct typing *t, uint64_t vtable)
{
	uint64_t *cached = map_find_or_insert(&t->metaclasses, vtable, 0);

	if (*cached == MAP_EMPTY)
		*cached = is_metaclass_by_chain(t, vtable) || is_metaclass_by_symbol(t, vtable);
	return *cached;
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

	if (!rtti_read_word(t, addr, &meta) || meta % 8 || !is_metaclass(t, meta))
		return NULL;
	if (!rtti_read_word(t, addr + 8, &name_addr) || !read_name(t, name_addr, name))
		return NULL;
	/* gcc marks names that are only good within their module with a star. */
	return demangle_as(t, "_ZTI", "typeinfo for ", name + (name[0] == '*'));
}

const char *rtti_vtable_symbol_name(struct typing *t, const char *symbol)
{
	if (strncmp(symbol, "_ZTV", 4) || strlen(symbol) > NAME_MAX_BYTES)
		return NULL;
	return demangle_as(t, "_ZTV", "vtable for ", symbol + 4);
}
