/* SPDX-License-Identifier: MIT */
/*
 * The last resort: an object of unknown type is labelled by the function that allocated it,
 * <parse_page>, which groups what belongs together and tells where to look.
 */
#include "base/mem.h"
#include "typing/recogniser.h"

uint32_t recognise_site(struct typing *t, node_id n, const uint8_t *bytes, uint64_t size)
{
	const uint32_t stack = t->blocks->stack[n];

	(void)bytes, (void)size;
	if (!stack)
		return TYPE_UNSURE;
	if (!t->site_types[stack]) {
		_cleanup_free_ char *name = xasprintf("<%s>", heap_site_name(t->heap, stack));

		t->site_types[stack] =
			heap_intern_type(t->heap, name, PROVENANCE_SITE, TYPE_FALLBACK) + 1;
	}
	return t->site_types[stack] - 1;
}
