/* SPDX-License-Identifier: MIT */
/*
 * The only file that sees libiberty, and only its self-contained demanglers: the library has
 * allocation functions of the same names as base/mem.h, with other arguments, and those must never
 * be linked in.
 */
#include "heap/demangle.h"

#include <libiberty/demangle.h>
#include <stddef.h>
#include <string.h>

#define MANGLED_MAX 4096 /* longer names are not worth their time */

/* Everybody's std::string under its full name is too long to read; in place. */
static char *abbreviate(char *name)
{
	static const char full[] =
		"std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >";
	static const char brief[] = "std::string";

	for (char *at = name; at && (at = strstr(at, full)); at += sizeof(brief) - 1) {
		const char *rest = at + sizeof(full) - 1;

		if (!strncmp(rest, " >", 2))
			rest++; /* the blank was there to part two brackets */
		memcpy(at, brief, sizeof(brief) - 1);
		memmove(at + sizeof(brief) - 1, rest, strlen(rest) + 1);
	}
	return name;
}

/* "names[abi:cxx11]" is written "names" by whoever wrote it; in place. */
static char *drop_abi_tags(char *name)
{
	for (char *tag = name; tag && (tag = strstr(tag, "[abi:"));) {
		const char *end = strchr(tag, ']');

		if (!end)
			break;
		memmove(tag, end + 1, strlen(end + 1) + 1);
	}
	return name;
}

static char *demangle(const char *mangled, int options)
{
	return abbreviate(drop_abi_tags(cplus_demangle_v3(mangled, options)));
}

char *demangle_symbol(const char *mangled)
{
	if ((strncmp(mangled, "_Z", 2) && strncmp(mangled, "_R", 2)) ||
	    strlen(mangled) > MANGLED_MAX)
		return NULL;

	char *rust = rust_demangle(mangled, DMGL_NO_OPTS);

	return rust ? rust : demangle(mangled, DMGL_ANSI);
}

char *demangle_symbol_full(const char *mangled)
{
	if (strlen(mangled) > MANGLED_MAX)
		return NULL;
	return demangle(mangled, DMGL_PARAMS | DMGL_ANSI);
}
