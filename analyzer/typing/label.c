/* SPDX-License-Identifier: MIT */
/*
 * The last resort: an object of unknown type is labelled by the function that allocated it,
 * <parse_page>, which groups what belongs together and tells where to look; without a stack by the
 * call, <malloc>.
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

uint32_t recognise_kind(struct typing *t, node_id n, const uint8_t *bytes, uint64_t size)
{
	static const char *const labels[HC_KIND_LIMIT] = {
#define KIND_LABEL(value, name, text) [value] = "<" text ">",
		HC_KINDS(KIND_LABEL)
#undef KIND_LABEL
	};
	const char *label = labels[t->blocks->kind[n] % HC_KIND_LIMIT];

	(void)bytes, (void)size;
	return label ? heap_intern_type(t->heap, label, PROVENANCE_NONE, TYPE_FALLBACK)
		     : TYPE_UNSURE;
}
