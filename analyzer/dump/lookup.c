/* SPDX-License-Identifier: MIT */
/*
 * Questions to an open dump: which block, thread, module is this, what bytes are there.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "base/sorted.h"
#include "dump/internal.h"

bool dump_has_contents(const struct dump *d)
{
	return d->has_contents;
}

/* NULL: they cannot be read any more. */
static const uint8_t *owner_bytes(const struct dump *d, uint32_t block)
{
	const bool is_large = d->core.blocks.size[block] >= HC_LARGE_BLOCK;

	if (d->late && !is_large)
		return late_read_block(d, block);
	if (d->late && !late_read_ranges(d))
		return NULL;
	if (is_large)
		return d->large.bytes + d->large_blocks[find_large(d, block)].offset;
	return dump_place(&d->core, block);
}

const uint8_t *dump_block_bytes_slowly(const struct dump *d, size_t i)
{
	const uint32_t owner = block_owner(d, i);
	const uint8_t *bytes;

	if (!d->has_contents || owner == NO_BLOCK || !d->core.blocks.size[i])
		return NULL;
	bytes = owner_bytes(d, owner);
	return bytes ? bytes + (d->core.blocks.addr[i] - d->core.blocks.addr[owner]) : NULL;
}

/* The first extent that ends after addr. */
static size_t find_extent(const struct dump *d, uint64_t addr)
{
	return SORTED_COUNT(d->extents, d->nr_extents, end, addr);
}

bool dump_next_contents_slowly(const struct dump *d, size_t i, uint64_t from, uint64_t *start,
			       uint64_t *end)
{
	const uint64_t addr = d->core.blocks.addr[i], size = d->core.blocks.size[i];
	const uint32_t owner = block_owner(d, i);
	const struct extent *extent;
	size_t at;

	if (!d->has_contents || owner == NO_BLOCK || from >= size)
		return false;
	*start = from;
	*end = size;
	if (d->core.blocks.size[owner] < HC_LARGE_BLOCK)
		return true;
	if (d->late && !late_read_ranges(d))
		return false;
	at = find_extent(d, addr + from);
	if (at == d->nr_extents)
		return false;
	extent = &d->extents[at];
	if (extent->start >= addr + size)
		return false;
	if (extent->start > addr + from)
		*start = extent->start - addr;
	if (extent->end < addr + size)
		*end = extent->end - addr;
	return true;
}

static const uint8_t *find_in_ranges(const struct range_set *set, uint64_t addr, size_t len)
{
	const size_t after = SORTED_COUNT(set->items, set->nr, addr, addr);

	if (!after || addr - set->items[after - 1].addr > set->items[after - 1].len ||
	    len > set->items[after - 1].len - (addr - set->items[after - 1].addr))
		return NULL;
	return set->items[after - 1].bytes + (addr - set->items[after - 1].addr);
}

static const uint8_t *find_in_blocks(const struct dump *d, uint64_t addr, size_t len)
{
	const uint32_t inner = dump_find_block(d, addr);
	const uint32_t owner = inner == NO_BLOCK ? NO_BLOCK : block_owner(d, inner);
	const uint8_t *bytes;

	if (!d->has_contents || owner == NO_BLOCK ||
	    len > d->core.blocks.size[owner] - (addr - d->core.blocks.addr[owner]))
		return NULL;
	bytes = owner_bytes(d, owner);
	return bytes ? bytes + (addr - d->core.blocks.addr[owner]) : NULL;
}

const uint8_t *dump_find_bytes_slowly(const struct dump *d, uint64_t addr, size_t len)
{
	const uint8_t *bytes = find_in_blocks(d, addr, len);

	if (bytes || (d->late && !late_read_ranges(d)))
		return bytes;
	bytes = find_in_ranges(&d->ranges, addr, len);
	return bytes ? bytes : find_in_ranges(&d->annex, addr, len);
}

/* The sort of an index needs to see the array. */
static int compare_threads(const void *a, const void *b, void *arg)
{
	const struct hc_thread *threads = arg;
	const struct hc_thread *x = &threads[*(const uint32_t *)a],
			       *y = &threads[*(const uint32_t *)b];

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	return (x->first_tick > y->first_tick) - (x->first_tick < y->first_tick);
}

static int compare_modules(const void *a, const void *b, void *arg)
{
	const struct hc_module *modules = arg;
	const struct hc_module *x = &modules[*(const uint32_t *)a],
			       *y = &modules[*(const uint32_t *)b];

	return (x->start > y->start) - (x->start < y->start);
}

static uint32_t *make_order(const struct array *array,
			    int (*compare)(const void *, const void *, void *))
{
	uint32_t *order = xcalloc(array->nr, sizeof(*order));

	for (size_t i = 0; i < array->nr; i++)
		order[i] = (uint32_t)i;
	qsort_r(order, array->nr, sizeof(*order), compare, array->items);
	return order;
}

struct error *load_threads_index(struct dump *d)
{
	const struct array *array = &d->arrays[SECTION_THRD];
	const struct hc_thread *threads = array->items;

	d->threads_by_slot = make_order(array, compare_threads);
	for (size_t i = 1; i < array->nr; i++) {
		const struct hc_thread *a = &threads[d->threads_by_slot[i - 1]],
				       *b = &threads[d->threads_by_slot[i]];

		if (a->slot && a->slot == b->slot && b->first_tick <= a->last_tick)
			return dump_chunk_error(d->file, d->sections[SECTION_THRD].chunks[0],
						"threads %u and %u had slot %u at the same time",
						d->threads_by_slot[i - 1], d->threads_by_slot[i],
						a->slot);
	}
	return NULL;
}

void load_modules_index(struct dump *d)
{
	d->modules_by_start = make_order(&d->arrays[SECTION_MODS], compare_modules);
}

const struct hc_thread *dump_find_thread(const struct dump *d, uint32_t slot, uint32_t tick)
{
	const struct hc_thread *threads = d->arrays[SECTION_THRD].items, *t;
	size_t low = 0, high = d->arrays[SECTION_THRD].nr;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		t = &threads[d->threads_by_slot[middle]];
		if (t->slot < slot || (t->slot == slot && t->first_tick <= tick))
			low = middle + 1;
		else
			high = middle;
	}
	t = low ? &threads[d->threads_by_slot[low - 1]] : NULL;
	return t && slot && t->slot == slot && tick <= t->last_tick ? t : NULL;
}

uint32_t dump_find_module(const struct dump *d, uint64_t addr)
{
	const struct hc_module *modules = d->arrays[SECTION_MODS].items;
	size_t low = 0, high = d->arrays[SECTION_MODS].nr;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (modules[d->modules_by_start[middle]].start <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low || addr >= modules[d->modules_by_start[low - 1]].end)
		return UINT32_MAX;
	return d->modules_by_start[low - 1];
}

uint64_t dump_age_ns(const struct dump *d, uint32_t tick)
{
	const uint64_t born = d->start_ns + (uint64_t)tick * d->tick_ns;

	return born < d->end_ns ? d->end_ns - born : 0;
}
