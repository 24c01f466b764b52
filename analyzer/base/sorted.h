/* SPDX-License-Identifier: MIT */
/*
 * Searching arrays of structs that ascend by one of their members, an address.
 */
#ifndef BASE_SORTED_H
#define BASE_SORTED_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline size_t sorted_count(const void *items, size_t nr, size_t size, size_t offset,
				  uint64_t key)
{
	size_t low = 0, high = nr;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		uint64_t at;

		memcpy(&at, (const char *)items + middle * size + offset, sizeof(at));
		if (at <= key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* How many of the nr items have a `member`, a uint64_t, that is at most `key`: the index of the
 * first behind it. */
#define SORTED_COUNT(items, nr, member, key) \
	sorted_count(items, nr, sizeof(*(items)) + SORTED_CHECK((items)->member), \
		     offsetof(__typeof__(*(items)), member), key)
/* 0; does not compile where it is no uint64_t. */
#define SORTED_CHECK(member) (0 * sizeof(char[sizeof(member) == sizeof(uint64_t) ? 1 : -1]))

#endif
