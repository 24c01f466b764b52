/* SPDX-License-Identifier: MIT */
/*
 * The pointer filter.  The snapshot child only.
 */
#include "snap/filter.h"

#include <string.h>

#include "rt/option.h"
#include "rt/ban.h"

static bool filter_is_pointer(const struct image *im, const struct map **last, uint64_t word)
{
	if (word < im->maps.maps[0].start || word >= im->maps.maps[im->maps.nr - 1].end)
		return false;
	if (*last && word >= (*last)->start && word < (*last)->end)
		return true;
	const struct map *const m = maps_find(&im->maps, word);

	if (!m)
		return false;
	*last = m;
	return true;
}

void filter_words(const struct image *im, void *bytes, size_t len)
{
	const struct map *last = NULL;
	char *const at = bytes;

	if (option_get(OPTION_CONTENTS) != HC_CONTENTS_POINTERS)
		return;
	for (size_t i = 0; i + 8 <= len; i += 8) {
		uint64_t word;

		memcpy(&word, at + i, sizeof(word));
		if (word && !filter_is_pointer(im, &last, word))
			memset(at + i, 0, sizeof(word));
	}
	memset(at + (len & ~(size_t)7), 0, len & 7);
}
