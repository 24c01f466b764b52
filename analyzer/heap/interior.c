/* SPDX-License-Identifier: MIT */
/*
 * The list of objects inside arenas.
 */
#include "heap/interior.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/sorted.h"

void heap_add_interior(struct heap *h, struct interior i)
{
	if (dump_find_block(h->dump, i.addr) != i.arena)
		return;
	h->interiors = array_grow(h->interiors, h->nr_interiors, &h->interiors_room,
				  sizeof(*h->interiors));
	h->interiors[h->nr_interiors++] = i;
}

/* Of two at one address the one that is surer first. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct interior *x = a, *y = b;
	const struct heap *h = arg;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (int)h->types[x->type].provenance - (int)h->types[y->type].provenance;
}

void heap_sort_interiors(struct heap *h)
{
	size_t kept = 0;
	uint64_t end = 0;

	if (h->nr_interiors)
		qsort_r(h->interiors, h->nr_interiors, sizeof(*h->interiors), compare, h);
	for (size_t i = 0; i < h->nr_interiors; i++) {
		const struct interior *inner = &h->interiors[i];

		if (inner->addr < end)
			continue;
		end = inner->addr + inner->size;
		h->interiors[kept++] = *inner;
	}
	h->nr_interiors = kept;
}

const struct interior *heap_find_interiors(const struct heap *h, node_id arena, size_t *nr)
{
	const uint64_t start = dump_blocks(h->dump)->addr[arena], size = block_size(h, arena);
	size_t first = 0, end;

	if (start)
		first = SORTED_COUNT(h->interiors, h->nr_interiors, addr, start - 1);
	for (end = first; end < h->nr_interiors && h->interiors[end].addr - start < size; end++)
		;
	*nr = end - first;
	return h->interiors + first;
}
