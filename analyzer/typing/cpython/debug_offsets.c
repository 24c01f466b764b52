/* SPDX-License-Identifier: MIT */
/*
 * Since 3.13 a process says its layouts itself: _Py_DebugOffsets, the first member of _PyRuntime.
 * What it says must be what the table of versions says.
 */
#include "base/mem.h"
#include "typing/cpython/class.h"

#define COOKIE	      "xdebugpy"
#define FIRST_MINOR   13
#define FREE_THREADED 16

/* Offset in _Py_DebugOffsets of 3.13, what must be there. */
static const struct {
	uint64_t offset, expected;
} facts[] = {
	{ FREE_THREADED, 0 },	     { 360, CPYTHON_OB_TYPE },	   { 376, CPYTHON_TP_NAME },
	{ 392, CPYTHON_TP_FLAGS },   { 408, CPYTHON_TUPLE_ITEMS }, { 416, CPYTHON_OB_SIZE },
	{ 432, CPYTHON_LIST_ITEMS }, { 440, CPYTHON_OB_SIZE },	   { 448, CPYTHON_DICT_SIZE },
	{ 456, CPYTHON_MA_KEYS },    { 464, CPYTHON_MA_VALUES },   { 528, CPYTHON_BYTES_BYTES },
	{ 544, CPYTHON_STR_STATE },  { 552, CPYTHON_STR_LENGTH },
};

bool cpython_check_offsets(const struct cpython *p)
{
	char cookie[8];

	if (p->version->minor < FIRST_MINOR)
		return true;
	if (!cpython_read(p, p->runtime, cookie, sizeof(cookie)) ||
	    memcmp(cookie, COOKIE, sizeof(cookie)) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		uint64_t offset;

		if (!cpython_read_word(p, p->runtime + facts[i].offset, &offset) ||
		    offset != facts[i].expected)
			return false;
	}
	return true;
}
