/* SPDX-License-Identifier: MIT */
/*
 * The only file that sees libiberty, and only its self-contained demanglers: the library has allocation functions of the same names
 * as base/mem.h, with other arguments, and those must never be linked in.
 */
#include "heap/demangle.h"

#include <libiberty/demangle.h>
#include <stddef.h>
#include <string.h>

#define MANGLED_MAX 4096	/* longer names are not worth their time */

char *demangle_symbol(const char *mangled)
{
	if ((strncmp(mangled, "_Z", 2) && strncmp(mangled, "_R", 2)) || strlen(mangled) > MANGLED_MAX)
		return NULL;

	char *rust = rust_demangle(mangled, DMGL_NO_OPTS);

	return rust ? rust : cplus_demangle_v3(mangled, DMGL_ANSI);
}

char *demangle_symbol_full(const char *mangled)
{
	return strlen(mangled) > MANGLED_MAX ? NULL : cplus_demangle_v3(mangled, DMGL_PARAMS | DMGL_ANSI);
}
