/* SPDX-License-Identifier: MIT */
/*
 * What a module imports: the names in the relocations that fill its slots for functions of others.
 */
#include <gelf.h>

#include "heap/binary.h"

static const char *import_name(Elf *elf, const GElf_Shdr *relocations, uint64_t symbol)
{
	Elf_Scn *section = elf_getscn(elf, relocations->sh_link);
	Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;
	GElf_Shdr symbols;
	GElf_Sym sym;

	if (!data || !gelf_getshdr(section, &symbols) || !gelf_getsym(data, (int)symbol, &sym))
		return NULL;
	return elf_strptr(elf, symbols.sh_link, sym.st_name);
}

static const char *import_in_section(Elf *elf, Elf_Scn *section, uint64_t slot)
{
	GElf_Shdr header;
	GElf_Rela rela;

	if (!gelf_getshdr(section, &header) || header.sh_type != SHT_RELA)
		return NULL;

	Elf_Data *data = elf_getdata(section, NULL);

	for (int i = 0; data && gelf_getrela(data, i, &rela); i++) {
		const uint64_t type = GELF_R_TYPE(rela.r_info);

		if (rela.r_offset == slot &&
		    (type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT))
			return import_name(elf, &header, GELF_R_SYM(rela.r_info));
	}
	return NULL;
}

const char *binary_find_import(const struct binary *b, uint64_t slot)
{
	GElf_Addr bias;
	Elf *elf = b->state == BINARY_OPEN ? dwfl_module_getelf(b->module, &bias) : NULL;
	const char *name = NULL;

	for (Elf_Scn *section = NULL; elf && !name && (section = elf_nextscn(elf, section));)
		name = import_in_section(elf, section, slot - b->bias);
	return name;
}
