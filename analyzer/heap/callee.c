/* SPDX-License-Identifier: MIT */
/*
 * Stubs of the procedure linkage table, seen through.
 */
#include "heap/callee.h"

#include <string.h>

#include "base/mem.h"

#define STUB_SIZE 11 /* the longest */

/* The slot that a stub jumps through: [endbr64] [bnd] jmp *slot(%rip). */
static bool find_slot(struct symbols *s, uint64_t stub, uint64_t *slot)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	const uint8_t *bytes = symbols_find_bytes(s, stub, STUB_SIZE);
	int32_t distance;
	size_t at = 0;

	if (!bytes)
		return false;
	if (!memcmp(bytes, endbr64, sizeof(endbr64)))
		at += sizeof(endbr64);
	if (bytes[at] == 0xf2)
		at++;
	if (bytes[at] != 0xff || bytes[at + 1] != 0x25)
		return false;
	memcpy(&distance, bytes + at + 2, sizeof(distance));
	*slot = stub + at + 6 + (int64_t)distance;
	return true;
}

const char *callee_find(struct symbols *s, uint64_t target)
{
	struct symbol symbol;
	uint64_t slot;

	if (find_slot(s, target, &slot))
		return symbols_find_import(s, slot);
	return symbols_find(s, target, SYMBOL_FUNCTION, &symbol) ? symbol.name : NULL;
}

bool callee_returns_argument(const char *function)
{
	static const char *const names[] = {
		"memset",	 "memcpy",	 "memmove",	  "strcpy",
		"strncpy",	 "strcat",	 "__memset_chk",  "__memcpy_chk",
		"__memmove_chk", "__strcpy_chk", "__strncpy_chk",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(names[i], function))
			return true;
	}
	return false;
}
