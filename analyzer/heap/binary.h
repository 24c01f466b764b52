/* SPDX-License-Identifier: MIT */
/*
 * One module's file on this machine: found, checked by build id, and read with libdwfl.  A dump
 * names any path it likes, so only regular files are opened, and everything in them is checked.
 */
#ifndef HEAP_BINARY_H
#define HEAP_BINARY_H

#include <stdbool.h>
#include <stdint.h>
#include <elfutils/libdwfl.h>

#include "heap/symbol.h"

enum binary_state {
	BINARY_OPEN,
	BINARY_MISSING,	   /* no such file here */
	BINARY_CHANGED,	   /* a file of another build */
	BINARY_LATER,	   /* no build id, and written after the dump */
	BINARY_TRUNCATED,  /* shorter than it says */
	BINARY_UNREADABLE, /* no ELF file, or one that libdw does not like */
};

struct binary {
	enum binary_state state;
	Dwfl_Callbacks callbacks; /* the session keeps their address: a binary does not move while
				     it is open */
	Dwfl *dwfl;
	Dwfl_Module *module;
	uint64_t bias;
	const uint8_t *image; /* the file, [image_size] */
	size_t image_size;
	uint64_t unwind_table;	/* .eh_frame_hdr: virtual address, 0 where it has none */
	uint64_t unwind_offset; /* ... its place in the file */
	uint64_t unwind_size;

	bool is_cxx_known, is_cxx;
	bool has_symbols;	  /* the arrays below are filled */
	struct symbol *functions; /* by address, none twice */
	struct symbol *objects;
	size_t nr_functions;
	size_t nr_objects;
};

/* Opens the file at path if it is the one with this build id (NULL: any); where that is empty, if
 * it was written before made_before (ns since 1970; 0: any time).  debug_path: directories of debug
 * files, as libdwfl wants them. */
void binary_open(struct binary *b, const char *path, const struct dump_string *build_id,
		 uint64_t made_before, uint64_t bias, char **debug_path);
void binary_close(struct binary *b);
/* The symbol that covers addr; NULL: none. */
const struct symbol *binary_find_symbol(struct binary *b, uint64_t addr, enum symbol_kind kind);
/* Run-time address of the function that holds pc by the unwind table; 0: unknown. */
uint64_t binary_find_function_start(const struct binary *b, uint64_t pc);
/* The name of the function of another module whose address is kept at slot; NULL: not known. */
const char *binary_find_import(const struct binary *b, uint64_t slot);
/* Does it take that function from another module? */
bool binary_imports(struct binary *b, const char *function);
/* Does it need a C++ library, or hold names mangled as C++? */
bool binary_is_cxx(struct binary *b);

#endif
