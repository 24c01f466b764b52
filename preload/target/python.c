/* SPDX-License-Identifier: MIT */
/*
 * Finding a CPython.  At start dlsym does it; an object that came later (RTLD_LOCAL, too) is
 * searched through its own hash table, since that happens inside malloc, where another thread may
 * have the loader's lock and wait at the gate.
 */
#include "target/python.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "rt/ban.h"

#define PYTHON_MINOR_MIN 8
#define PYTHON_MINOR_MAX 13

struct python target_python;

/* DT_GNU_HASH of one object. */
struct symbol_table {
	const uint32_t *hash;
	const ElfW(Sym) * symbols;
	const char *strings;
};

static uint32_t hash_name(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (uint8_t)*name;
	return hash;
}

/* The loader relocates these in place, on most systems. */
static const void *dynamic_address(const struct link_map *map, ElfW(Addr) value)
{
	return (const void *)(value < map->l_addr ? value + map->l_addr : value);
}

static bool read_tables(const struct link_map *map, struct symbol_table *out)
{
	*out = (struct symbol_table){ 0 };
	for (const ElfW(Dyn) *d = map->l_ld; d && d->d_tag != DT_NULL; d++) {
		if (d->d_tag == DT_GNU_HASH)
			out->hash = dynamic_address(map, d->d_un.d_ptr);
		else if (d->d_tag == DT_SYMTAB)
			out->symbols = dynamic_address(map, d->d_un.d_ptr);
		else if (d->d_tag == DT_STRTAB)
			out->strings = dynamic_address(map, d->d_un.d_ptr);
	}
	return out->hash && out->symbols && out->strings;
}

static const ElfW(Sym) * find_symbol(const struct symbol_table *t, const char *name)
{
	const uint32_t nr_buckets = t->hash[0], first = t->hash[1], nr_bloom = t->hash[2];
	const uint32_t *const buckets = t->hash + 4 + nr_bloom * (sizeof(ElfW(Addr)) / 4);
	const uint32_t *const chains = buckets + nr_buckets;
	const uint32_t hash = hash_name(name);
	uint32_t i = nr_buckets ? buckets[hash % nr_buckets] : 0;

	if (i < first)
		return NULL;
	for (;; i++) {
		const uint32_t entry = chains[i - first];

		if ((entry | 1) == (hash | 1) && !strcmp(t->strings + t->symbols[i].st_name, name))
			return t->symbols[i].st_shndx != SHN_UNDEF ? &t->symbols[i] : NULL;
		if (entry & 1)
			return NULL;
	}
}

static void *find_name(const void *where, const char *name)
{
	const struct link_map *const map = where;
	struct symbol_table tables;
	const ElfW(Sym) * symbol;

	if (!map)
		return dlsym(RTLD_DEFAULT, name);
	symbol = read_tables(map, &tables) ? find_symbol(&tables, name) : NULL;
	return symbol ? (void *)(map->l_addr + symbol->st_value) : NULL;
}

/* "3.13.0 experimental free-threading build (main, ..." */
static void read_version(struct python *found)
{
	const char *const text = found->get_version();
	const size_t len = strcspn(text, " ");

	if (len < sizeof(found->version))
		memcpy(found->version, text, len);
	found->free_threaded = strstr(text, "free-threading") != NULL;
	if (strncmp(found->version, "3.", 2) != 0)
		return;
	for (const char *at = found->version + 2; *at >= '0' && *at <= '9'; at++)
		found->minor = found->minor * 10 + (uint32_t)(*at - '0');
}

bool python_find(const void *where)
{
	struct python found = { 0 };

	/* Most processes have none: one look is enough to know. */
	if (!find_name(where, "PyMem_SetAllocator"))
		return false;
#define FIND(member, name, result, parameters) \
	found.member = (result(*) parameters)find_name(where, #name); \
	if (!found.member) \
		return false;
	PYTHON_FUNCTIONS(FIND)
#undef FIND
	found.get_allocator_name =
		(const char *(*)(void))find_name(where, "_PyMem_GetCurrentAllocatorName");
	found.runtime = (uint64_t)find_name(where, "_PyRuntime");
	found.type_type = (uint64_t)find_name(where, "PyType_Type");
	read_version(&found);
	memcpy(found.allocator, "default", sizeof("default"));
	target_python = found;
	return true;
}

bool python_is_supported(void)
{
	const struct python *const py = &target_python;

	return py->minor >= PYTHON_MINOR_MIN && py->minor <= PYTHON_MINOR_MAX && !py->free_threaded;
}

void python_name_allocator(void)
{
	const char *const name =
		target_python.get_allocator_name ? target_python.get_allocator_name() : NULL;
	const char *const text = name ? name : "custom";

	memset(target_python.allocator, 0, sizeof(target_python.allocator));
	strncpy(target_python.allocator, text, sizeof(target_python.allocator) - 1);
}
