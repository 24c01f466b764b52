/* SPDX-License-Identifier: MIT */
/*
 * Types that the program named itself (heapcensus_tag): always right.
 */
#include "typing/recogniser.h"

uint32_t recognise_tag(struct typing *t, node_id n, const uint8_t *bytes, uint64_t size)
{
	const uint16_t attr = t->blocks->attr[n];
	size_t nr;
	const struct hc_attr *attrs = dump_attrs(t->heap->dump, &nr);

	(void)bytes, (void)size;
	if (!attr || !attrs[attr].tag)
		return TYPE_UNSURE;
	if (!t->tag_types[attr]) {
		const char *name = dump_get_string(t->heap->dump, attrs[attr].tag).bytes;

		t->tag_types[attr] = heap_intern_type(t->heap, name, PROVENANCE_TAG, 0) + 1;
	}
	return t->tag_types[attr] - 1;
}
