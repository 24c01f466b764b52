/* SPDX-License-Identifier: MIT */
/*
 * Names and bytes from the binaries that the dumped process had loaded, by libdw.  A file is used
 * only when its build id is the one in the dump; a missing or changed file is noted once, and
 * everything about its module degrades to module+offset.  Files are opened on first use.
 */
#ifndef HEAP_SYMBOL_H
#define HEAP_SYMBOL_H

#include <stdbool.h>
#include <stdint.h>
#include <elfutils/libdw.h>

#include "base/intern.h"
#include "dump/dump.h"

struct symbols;

struct symbol {
	uint64_t addr; /* run-time */
	uint64_t size;
	const char *name; /* mangled, owned by the file */
};

enum symbol_kind { SYMBOL_FUNCTION, SYMBOL_OBJECT };

/* path: another directory to look for files in, or NULL.  names must outlive it. */
struct symbols *symbols_create(const struct dump *d, const char *path, struct intern *names);
void symbols_destroy(struct symbols *s);
/* Adds a note, which is copied. */
void symbols_add_note(struct symbols *s, const char *note);
const char *const *symbols_notes(const struct symbols *s, size_t *nr);

/* The symbol whose [addr, addr + size) holds addr.  False: none. */
bool symbols_find(struct symbols *s, uint64_t addr, enum symbol_kind kind, struct symbol *ret);
/* A symbol's name as printed, demangled.  Interned. */
const char *symbols_demangle(struct symbols *s, const char *mangled);
/* Is the file of the module that holds addr here?  Asked without a note that it is not. */
bool symbols_has_file(struct symbols *s, uint64_t addr);
/* Without directory; "" where addr is in no module.  Interned. */
const char *symbols_module_name(struct symbols *s, uint32_t module);
/*
 * The function whose call returns to pc; without a name "module+0x1234", where the offset is the
 * start of the function when the unwind table tells it, else pc itself; else "0x7f...".  Interned.
 */
const char *symbols_name_caller(struct symbols *s, uint64_t pc);
/* Is addr in a part of a module that holds instructions? */
bool symbols_is_code(const struct symbols *s, uint64_t addr);
/* The segment that holds addr; NULL: none. */
const struct hc_segment *symbols_find_segment(const struct symbols *s, uint64_t addr);
/* len bytes at addr that no relocation changes, from the module's file.  NULL where they are not
 * all there. */
const uint8_t *symbols_find_bytes(struct symbols *s, uint64_t addr, size_t len);
/* The name of the function of another module whose address the module keeps at slot; NULL: not
 * known.  Owned by the file. */
const char *symbols_find_import(struct symbols *s, uint64_t slot);
/* Was the module, or does it look to be, compiled from C++? */
bool symbols_is_cxx(struct symbols *s, uint32_t module);
/* Does the module take that function, by its mangled name, from another one?  False also where its
 * file is missing. */
bool symbols_imports(struct symbols *s, uint32_t module, const char *function);
/* Is it libheapcensus.so, whose functions nobody asks about? */
bool symbols_is_preload(struct symbols *s, uint32_t module);
/* The module's debug information, from its file or its debug file, and what to add to an address in
 * it; NULL: none. */
Dwarf *symbols_find_dwarf(struct symbols *s, uint32_t module, uint64_t *bias);
/* The debug information of these modules, first the last one, will be asked for: it is opened by a
 * thread of its own, as far as it comes. */
void symbols_read_ahead(struct symbols *s, const uint32_t *modules, size_t nr);
/* The call frame information of the code at pc, and what to take from pc to look it up; NULL: none.
 */
Dwarf_CFI *symbols_find_cfi(struct symbols *s, uint64_t pc, uint64_t *bias);

#endif
