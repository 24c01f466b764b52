/* SPDX-License-Identifier: MIT */
/*
 * A module's ELF file: opening and checking it, its symbols sorted for look-up, its unwind table.
 */
#include "heap/binary.h"

#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <elfutils/libdwelf.h>

#include "base/mem.h"
#include "base/sorted.h"

/* The file of a build id is known already; libdwfl must not look for another. */
static int binary_find_elf(Dwfl_Module *module, void **userdata, const char *name, Dwarf_Addr base,
			   char **file_name, Elf **elf)
{
	(void)module, (void)userdata, (void)name, (void)base, (void)file_name, (void)elf;
	return -1;
}

static bool is_same_build(Elf *elf, const struct dump_string *wanted)
{
	const void *id;

	if (!wanted || !wanted->len)
		return true;

	const ssize_t len = dwelf_elf_gnu_build_id(elf, &id);

	return len == (ssize_t)wanted->len && !memcmp(id, wanted->bytes, len);
}

/* Without a build id nothing tells builds apart but their times. */
static bool is_later_build(const struct stat *st, const struct dump_string *build_id,
			   uint64_t made_before)
{
	const uint64_t made =
		(uint64_t)st->st_mtim.tv_sec * 1000000000 + (uint64_t)st->st_mtim.tv_nsec;

	return made_before && build_id && !build_id->len && made > made_before;
}

/* Linkers write the table of sections last. */
static bool is_truncated(Elf *elf, const struct stat *st)
{
	const uint64_t size = st->st_size;
	GElf_Ehdr header;

	return gelf_getehdr(elf, &header) &&
	       (header.e_shoff > size ||
		size - header.e_shoff < header.e_shnum * sizeof(Elf64_Shdr));
}

static enum binary_state binary_check(int fd, const struct dump_string *build_id,
				      uint64_t made_before)
{
	struct stat st;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return BINARY_UNREADABLE;
	if (is_later_build(&st, build_id, made_before))
		return BINARY_LATER;
	elf_version(EV_CURRENT);

	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	enum binary_state state = BINARY_UNREADABLE;

	if (elf && elf_kind(elf) == ELF_K_ELF && gelf_getclass(elf) == ELFCLASS64)
		state = is_truncated(elf, &st)	       ? BINARY_TRUNCATED
			: is_same_build(elf, build_id) ? BINARY_OPEN
						       : BINARY_CHANGED;
	elf_end(elf);
	return state;
}

static void binary_find_unwind_table(struct binary *b, Elf *elf)
{
	size_t nr;

	if (elf_getphdrnum(elf, &nr))
		return;
	for (size_t i = 0; i < nr; i++) {
		GElf_Phdr ph;

		if (!gelf_getphdr(elf, i, &ph) || ph.p_type != PT_GNU_EH_FRAME)
			continue;
		if (ph.p_offset > b->image_size || ph.p_filesz > b->image_size - ph.p_offset)
			return;
		b->unwind_table = ph.p_vaddr;
		b->unwind_offset = ph.p_offset;
		b->unwind_size = ph.p_filesz;
		return;
	}
}

static bool binary_report(struct binary *b, const char *path, int fd, char **debug_path)
{
	b->callbacks = (Dwfl_Callbacks){
		.find_elf = binary_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
		.section_address = dwfl_offline_section_address,
		.debuginfo_path = debug_path,
	};
	b->dwfl = dwfl_begin(&b->callbacks);
	if (!b->dwfl) {
		close(fd);
		return false;
	}
	dwfl_report_begin(b->dwfl);
	b->module = dwfl_report_elf(b->dwfl, path, path, fd, b->bias, true);
	if (!b->module)
		close(fd);
	dwfl_report_end(b->dwfl, NULL, NULL);
	return b->module;
}

void binary_open(struct binary *b, const char *path, const struct dump_string *build_id,
		 uint64_t made_before, uint64_t bias, char **debug_path)
{
	GElf_Addr elf_bias;

	*b = (struct binary){ .state = BINARY_MISSING, .bias = bias };

	const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return;
	b->state = binary_check(fd, build_id, made_before);
	if (b->state != BINARY_OPEN) {
		close(fd);
		return;
	}

	Elf *elf = binary_report(b, path, fd, debug_path) ? dwfl_module_getelf(b->module, &elf_bias)
							  : NULL;

	b->image = elf ? (const uint8_t *)elf_rawfile(elf, &b->image_size) : NULL;
	if (!b->image) {
		binary_close(b);
		b->state = BINARY_UNREADABLE;
		return;
	}
	binary_find_unwind_table(b, elf);
}

void binary_close(struct binary *b)
{
	if (b->dwfl)
		dwfl_end(b->dwfl);
	free(b->functions);
	free(b->objects);
	*b = (struct binary){ .state = BINARY_MISSING };
}

struct symbol_list {
	struct ranked {
		struct symbol symbol;
		int rank;
	} * items;
	size_t nr, room;
};

static void symbol_list_add(struct symbol_list *l, const struct symbol *symbol, int rank)
{
	l->items = array_grow(l->items, l->nr, &l->room, sizeof(*l->items));
	l->items[l->nr++] = (struct ranked){ *symbol, rank };
}

/* By address; of several names of one place the best known first. */
static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->symbol.addr != y->symbol.addr)
		return x->symbol.addr < y->symbol.addr ? -1 : 1;
	if (x->rank != y->rank)
		return y->rank - x->rank;
	return strcmp(x->symbol.name, y->symbol.name);
}

/* Sorted, one symbol an address; a function without size reaches to the next. */
static struct symbol *symbol_list_finish(struct symbol_list *l, size_t *nr)
{
	struct symbol *out = xmalloc((l->nr + 1) * sizeof(*out));

	*nr = 0;
	if (l->nr)
		qsort(l->items, l->nr, sizeof(*l->items), compare_ranked);
	for (size_t i = 0; i < l->nr; i++) {
		if (*nr && out[*nr - 1].addr == l->items[i].symbol.addr)
			continue;
		out[(*nr)++] = l->items[i].symbol;
	}
	for (size_t i = 0; i + 1 < *nr; i++) {
		if (!out[i].size)
			out[i].size = out[i + 1].addr - out[i].addr;
	}
	free(l->items);
	return out;
}

static int symbol_rank(const GElf_Sym *sym, const char *name)
{
	const int bind = GELF_ST_BIND(sym->st_info);

	return (sym->st_size ? 8 : 0) +
	       (bind == STB_GLOBAL ? 4
		: bind == STB_WEAK ? 2
				   : 0) +
	       (name[0] != '_');
}

static void binary_load_symbols(struct binary *b)
{
	struct symbol_list functions = { 0 }, objects = { 0 };
	const int nr = dwfl_module_getsymtab(b->module);

	b->has_symbols = true;
	for (int i = 1; i < nr; i++) {
		GElf_Sym sym;
		GElf_Addr addr;
		GElf_Word section;
		const char *name =
			dwfl_module_getsym_info(b->module, i, &sym, &addr, &section, NULL, NULL);

		if (!name || !*name || section == SHN_UNDEF || section == SHN_ABS)
			continue;

		const int type = GELF_ST_TYPE(sym.st_info);
		const struct symbol symbol = { addr, sym.st_size, name };

		if (type == STT_FUNC || type == STT_GNU_IFUNC)
			symbol_list_add(&functions, &symbol, symbol_rank(&sym, name));
		else if (type == STT_OBJECT && sym.st_size)
			symbol_list_add(&objects, &symbol, symbol_rank(&sym, name));
	}
	b->functions = symbol_list_finish(&functions, &b->nr_functions);
	b->objects = symbol_list_finish(&objects, &b->nr_objects);
}

/* The last symbol at or before addr that covers it; a few steps back, for one symbol may lie inside
 * another. */
static const struct symbol *find_covering(const struct symbol *symbols, size_t nr, uint64_t addr)
{
	const size_t after = SORTED_COUNT(symbols, nr, addr, addr);

	for (size_t i = after; i > 0 && i + 8 > after; i--) {
		if (addr - symbols[i - 1].addr < symbols[i - 1].size)
			return &symbols[i - 1];
	}
	return NULL;
}

const struct symbol *binary_find_symbol(struct binary *b, uint64_t addr, enum symbol_kind kind)
{
	if (b->state != BINARY_OPEN)
		return NULL;
	if (!b->has_symbols)
		binary_load_symbols(b);
	return kind == SYMBOL_FUNCTION ? find_covering(b->functions, b->nr_functions, addr)
				       : find_covering(b->objects, b->nr_objects, addr);
}

static int32_t read_s32(const uint8_t *p)
{
	int32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

/* .eh_frame_hdr as gcc and clang write it: version 1, 32-bit offsets from its own start, sorted. */
uint64_t binary_find_function_start(const struct binary *b, uint64_t pc)
{
	static const uint8_t usual[4] = { 1, 0x1b, 0x03, 0x3b };

	if (b->state != BINARY_OPEN || !b->unwind_table || b->unwind_size < 12)
		return 0;

	const uint8_t *hdr = b->image + b->unwind_offset;
	const int64_t wanted = (int64_t)(pc - b->bias - b->unwind_table);
	size_t low = 0, high = (uint32_t)read_s32(hdr + 8);

	if (memcmp(hdr, usual, sizeof(usual)) || high > (b->unwind_size - 12) / 8)
		return 0;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (read_s32(hdr + 12 + middle * 8) <= wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? b->bias + b->unwind_table + read_s32(hdr + 12 + (low - 1) * 8) : 0;
}

static bool needs_cxx_library(Elf *elf, Elf_Scn *scn, const GElf_Shdr *sh)
{
	Elf_Data *data = elf_getdata(scn, NULL);
	GElf_Dyn dyn;

	for (int i = 0; data && gelf_getdyn(data, i, &dyn) && dyn.d_tag != DT_NULL; i++) {
		const char *name = dyn.d_tag == DT_NEEDED
					   ? elf_strptr(elf, sh->sh_link, dyn.d_un.d_val)
					   : NULL;

		if (name && (!strncmp(name, "libstdc++.so", 12) || !strncmp(name, "libc++.so", 9)))
			return true;
	}
	return false;
}

bool binary_imports(struct binary *b, const char *function)
{
	const int nr = b->state == BINARY_OPEN ? dwfl_module_getsymtab(b->module) : 0;
	const size_t len = strlen(function);

	for (int i = 1; i < nr; i++) {
		GElf_Sym sym;
		GElf_Addr addr;
		GElf_Word section;
		const char *name =
			dwfl_module_getsym_info(b->module, i, &sym, &addr, &section, NULL, NULL);

		/* There may be a version behind it. */
		if (name && section == SHN_UNDEF && !strncmp(name, function, len) &&
		    (!name[len] || name[len] == '@'))
			return true;
	}
	return false;
}

static bool looks_like_cxx(struct binary *b)
{
	GElf_Addr bias;
	Elf *elf = b->state == BINARY_OPEN ? dwfl_module_getelf(b->module, &bias) : NULL;
	Elf_Scn *scn = NULL;

	while (elf && (scn = elf_nextscn(elf, scn))) {
		GElf_Shdr sh;

		if (gelf_getshdr(scn, &sh) && sh.sh_type == SHT_DYNAMIC &&
		    needs_cxx_library(elf, scn, &sh))
			return true;
	}
	/* Linked with a static C++ library: some function of it has kept its name, unless stripped.
	 */
	binary_find_symbol(b, 0, SYMBOL_FUNCTION);
	for (size_t i = 0; i < b->nr_functions; i++) {
		if (!strncmp(b->functions[i].name, "_ZN", 3))
			return true;
	}
	return false;
}

bool binary_is_cxx(struct binary *b)
{
	if (!b->is_cxx_known)
		b->is_cxx = looks_like_cxx(b);
	b->is_cxx_known = true;
	return b->is_cxx;
}
