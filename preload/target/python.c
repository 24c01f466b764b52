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

#define PYTHON_MINOR_RENAMED 13 /* some names have lost their underscore */
#define PYTHON_MINOR_SAYS    13 /* what its structs look like: _Py_DebugOffsets */

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
	found->free_threaded |= strstr(text, "free-threading") != NULL;
	if (strncmp(found->version, "3.", 2) != 0)
		return;
	for (const char *at = found->version + 2; *at >= '0' && *at <= '9'; at++)
		found->minor = found->minor * 10 + (uint32_t)(*at - '0');
}

static bool is_supported(const struct python *py)
{
	return py->minor >= HC_PYTHON_MINOR_MIN && py->minor <= HC_PYTHON_MINOR_MAX &&
	       !py->free_threaded;
}

/* The loaded segments of the object at `header`, which is where its file begins in memory. */
static void read_extent(struct python *found, const ElfW(Ehdr) * header)
{
	const ElfW(Phdr) *const segments = (const void *)((const char *)header + header->e_phoff);
	uint64_t first = UINT64_MAX, end = 0;

	for (uint32_t i = 0; i < header->e_phnum; i++) {
		if (segments[i].p_type != PT_LOAD)
			continue;
		if (segments[i].p_vaddr < first)
			first = segments[i].p_vaddr;
		if (segments[i].p_vaddr + segments[i].p_memsz > end)
			end = segments[i].p_vaddr + segments[i].p_memsz;
	}
	if (end <= first)
		return;
	found->data_start = (uint64_t)header;
	found->data_end = (uint64_t)header + end - first;
}

static void find_extent(struct python *found, const struct link_map *map)
{
	Dl_info info;
	const char *header = map ? (const char *)map->l_addr : NULL;

	if (!map && dladdr((const void *)found->code_type, &info))
		header = info.dli_fbase;
	if (header && !memcmp(header, ELFMAG, SELFMAG))
		read_extent(found, (const void *)header);
}

static void fill_layout(struct python *found)
{
	const uint32_t i = found->minor - HC_PYTHON_MINOR_MIN;

#define FILL(member, ...) found->layout.member = ((const uint16_t[]){ __VA_ARGS__ })[i];
	PYTHON_OFFSETS(FILL)
#undef FILL
}

/* What says of which sort a frame is: the code object that it refers to, or two bytes of one word.
 */
static void find_sort(struct python *found)
{
	const struct python_layout *const l = &found->layout;
	const uint32_t bytes[] = { l->frame_owner, l->frame_is_entry };

	found->sort_at = l->frame_owner ? l->frame_owner & -8u : l->frame_code;
	found->sort_mask = l->frame_owner ? 0 : UINT64_MAX;
	for (uint32_t i = 0; i < 2; i++)
		if (bytes[i])
			found->sort_mask |= 255ul << 8 * (bytes[i] - found->sort_at);
}

/* Since 3.13 a process says its layout itself: what it says must be what the lists say. */
static bool is_as_said(const struct python *found)
{
	const struct python_layout *const l = &found->layout;
	/* offset in _Py_DebugOffsets of 3.13, what must be there */
	const uint64_t facts[][2] = {
		{ 184, l->state_frame },      { 232, l->frame_back },
		{ 240, l->frame_code },	      { 248, l->frame_instruction },
		{ 264, l->frame_owner },      { 280, l->code_filename },
		{ 288, l->code_name },	      { 304, l->code_lines },
		{ 312, l->code_first_line },  { 344, l->code_instructions },
		{ 544, HC_PYTHON_STR_STATE }, { 552, HC_PYTHON_STR_LENGTH },
	};
	const char *const said = (const char *)found->runtime;

	if (found->minor < PYTHON_MINOR_SAYS)
		return true;
	if (!said || memcmp(said, "xdebugpy", 8) != 0)
		return false;
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (memcmp(said + facts[i][0], &facts[i][1], sizeof(uint64_t)) != 0)
			return false;
	return true;
}

/* What walking frames needs. */
static void find_frames(struct python *found, const void *where)
{
	const bool renamed = found->minor >= PYTHON_MINOR_RENAMED;

	found->get_state = (void *(*)(void))find_name(
		where, renamed ? "PyThreadState_GetUnchecked" : "_PyThreadState_UncheckedGet");
	found->get_own_state = (void *(*)(void))find_name(where, "PyGILState_GetThisThreadState");
	found->is_finalizing =
		(int (*)(void))find_name(where, renamed ? "Py_IsFinalizing" : "_Py_IsFinalizing");
	found->code_type = (uint64_t)find_name(where, "PyCode_Type");
	if (!found->get_state || !found->get_own_state || !found->is_finalizing ||
	    !found->code_type)
		return;
	find_extent(found, where);
	fill_layout(found);
	find_sort(found);
	found->has_frames = is_as_said(found);
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
	/* References that other threads count: forks that are older than the name have it, too. */
	found.free_threaded = find_name(where, "_Py_DecRefShared") != NULL;
	read_version(&found);
	if (is_supported(&found))
		find_frames(&found, where);
	memcpy(found.allocator, "default", sizeof("default"));
	target_python = found;
	return true;
}

bool python_is_another(const void *where)
{
	const void *const function = where ? find_name(where, "PyMem_SetAllocator") : NULL;

	return function && function != (const void *)target_python.set_allocator;
}

bool python_is_supported(void)
{
	return is_supported(&target_python);
}

void python_name_allocator(void)
{
	const char *const name =
		target_python.get_allocator_name ? target_python.get_allocator_name() : NULL;
	const char *const text = name ? name : "custom";

	memset(target_python.allocator, 0, sizeof(target_python.allocator));
	strncpy(target_python.allocator, text, sizeof(target_python.allocator) - 1);
}
