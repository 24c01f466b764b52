/* SPDX-License-Identifier: MIT */
/*
 * The table of layouts, from the headers of 3.8.18, 3.9.18, 3.10.13, 3.11.7, 3.12.1 and 3.13.0.
 */
#include "typing/cpython/versions.h"

#include <stddef.h>

#include "base/mem.h"

#define PREHEADER_TWO	 CPYTHON_FLAG_MANAGED_DICT
#define PREHEADER_TAGGED (CPYTHON_FLAG_MANAGED_DICT | CPYTHON_FLAG_MANAGED_WEAKREF)

#define OLD_KEYS \
	.has_log2_size = false, .dk_size = 8, .dk_usable = 24, .dk_nentries = 32, .dk_indices = 40
#define NEW_KEYS \
	.has_log2_size = true, .dk_size = 8, .dk_log2_index_bytes = 9, .dk_kind = 10, \
	.dk_usable = 16, .dk_nentries = 24, .dk_indices = 32
#define OLD_STR \
	.str_ascii_size = HC_PYTHON_PICK_8(HC_PYTHON_STR_ASCII), \
	.str_compact_size = HC_PYTHON_PICK_8(HC_PYTHON_STR_COMPACT), .str_size = 80, \
	.str_utf8 = 56, .str_wstr = 40, .str_data = HC_PYTHON_PICK_8(HC_PYTHON_STR_COMPACT)
#define NEW_STR \
	.str_ascii_size = HC_PYTHON_PICK_12(HC_PYTHON_STR_ASCII), \
	.str_compact_size = HC_PYTHON_PICK_12(HC_PYTHON_STR_COMPACT), .str_size = 64, \
	.str_utf8 = 48, .str_wstr = 0, .str_data = HC_PYTHON_PICK_12(HC_PYTHON_STR_COMPACT)

static const struct cpython_version versions[] = {
	{ .minor = 8,
	  .managed = CPYTHON_MANAGED_NONE,
	  .ht_name = 848,
	  .ht_slots = 856,
	  .ht_qualname = 864,
	  .ht_cached_keys = 872,
	  .ht_size = 880,
	  OLD_KEYS,
	  OLD_STR,
	  .long_digits = 24,
	  .weakref_size = 56,
	  .deque_size = 80,
	  .function_module = 88 },
	{ .minor = 9,
	  .managed = CPYTHON_MANAGED_NONE,
	  .ht_name = 840,
	  .ht_slots = 848,
	  .ht_qualname = 856,
	  .ht_cached_keys = 864,
	  .ht_module = 872,
	  .ht_size = 880,
	  OLD_KEYS,
	  OLD_STR,
	  .long_digits = 24,
	  .weakref_size = 56,
	  .deque_size = 80,
	  .function_module = 88 },
	{ .minor = 10,
	  .managed = CPYTHON_MANAGED_NONE,
	  .ht_name = 848,
	  .ht_slots = 856,
	  .ht_qualname = 864,
	  .ht_cached_keys = 872,
	  .ht_module = 880,
	  .ht_size = 888,
	  OLD_KEYS,
	  OLD_STR,
	  .long_digits = 24,
	  .weakref_size = 56,
	  .deque_size = 80,
	  .function_module = 104 },
	{ .minor = 11,
	  .managed = CPYTHON_MANAGED_TWO,
	  .preheader_flags = PREHEADER_TWO,
	  .managed_dict = 24,
	  .ht_name = 848,
	  .ht_slots = 856,
	  .ht_qualname = 864,
	  .ht_cached_keys = 872,
	  .ht_module = 880,
	  .ht_tpname = 888,
	  .ht_size = 904,
	  NEW_KEYS,
	  OLD_STR,
	  .long_digits = 24,
	  .weakref_size = 64,
	  .deque_size = 216,
	  .function_module = 104 },
	{ .minor = 12,
	  .managed = CPYTHON_MANAGED_TAGGED,
	  .preheader_flags = PREHEADER_TAGGED,
	  .managed_dict = 24,
	  .ht_name = 856,
	  .ht_slots = 864,
	  .ht_qualname = 872,
	  .ht_cached_keys = 880,
	  .ht_module = 888,
	  .ht_tpname = 896,
	  .ht_size = 920,
	  NEW_KEYS,
	  NEW_STR,
	  .has_long_tag = true,
	  .long_digits = 24,
	  .weakref_size = 64,
	  .deque_size = 216,
	  .function_module = 104 },
	{ .minor = 13,
	  .managed = CPYTHON_MANAGED_INLINE,
	  .preheader_flags = PREHEADER_TAGGED,
	  .managed_dict = 24,
	  .ht_name = 856,
	  .ht_slots = 864,
	  .ht_qualname = 872,
	  .ht_cached_keys = 880,
	  .ht_module = 888,
	  .ht_tpname = 896,
	  .ht_size = 928,
	  NEW_KEYS,
	  NEW_STR,
	  .values_first = 8,
	  .has_long_tag = true,
	  .long_digits = 24,
	  .weakref_size = 64,
	  .deque_size = 216,
	  .function_module = 104 },
};

const struct cpython_version *cpython_find_version(unsigned int major, unsigned int minor)
{
	for (size_t i = 0; major == 3 && i < ARRAY_SIZE(versions); i++) {
		if (versions[i].minor == minor)
			return &versions[i];
	}
	return NULL;
}
