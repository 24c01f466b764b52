/* SPDX-License-Identifier: MIT */
/*
 * A set of pages: heap/pages.h.
 */
#include "heap/pages.h"

#include "base/mem.h"

struct pages *pages_create(void)
{
	struct pages *p = xcalloc(1, sizeof(*p));

	p->low = UINT64_MAX;
	return p;
}

void pages_add(struct pages *p, uint64_t addr, uint64_t size)
{
	const uint64_t first = addr >> PAGES_SHIFT, last = (addr + size) >> PAGES_SHIFT;

	if (addr < p->low)
		p->low = addr;
	if (addr + size > p->high)
		p->high = addr + size;
	for (uint64_t page = first; page <= last && page - first < PAGES_BITS; page++)
		p->bits[page % PAGES_BITS / 64] |= 1ull << page % 64;
}
