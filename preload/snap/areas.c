/* SPDX-License-Identifier: MIT */
/*
 * Painting areas over each other: sort by start, then sweep with the few that are open at a time.
 * The snapshot child only: bump memory, no lock.
 */
#include "snap/areas.h"

#include <string.h>

#include "rt/ban.h"

#define AREAS_OPEN_MAX 64	/* open at once; what would be the 65th is left out */

void areas_init(struct areas *a, struct bump *b)
{
	*a = (struct areas){.bump = b};
}

static bool areas_grow(struct areas *a)
{
	const uint64_t room = a->room ? a->room * 2 : 256;
	struct area *const items = bump_alloc(a->bump, room * sizeof(*items));

	if (!items)
		return false;
	if (a->nr)
		memcpy(items, a->items, a->nr * sizeof(*items));
	a->items = items;
	a->room = room;
	return true;
}

void areas_add(struct areas *a, uint64_t start, uint64_t end, enum area_kind kind, int32_t tid)
{
	if (start >= end)
		return;
	if (a->nr == a->room && !areas_grow(a)) {
		a->failed = true;
		return;
	}
	a->items[a->nr++] = (struct area){start, end, kind, tid};
}

static bool areas_is_sorted(const struct areas *a)
{
	for (uint64_t i = 1; i < a->nr; i++)
		if (a->items[i - 1].start > a->items[i].start)
			return false;
	return true;
}

static void areas_sift(struct area *items, uint64_t root, uint64_t nr)
{
	const struct area moving = items[root];
	uint64_t child;

	while ((child = root * 2 + 1) < nr) {
		if (child + 1 < nr && items[child].start < items[child + 1].start)
			child++;
		if (items[child].start <= moving.start)
			break;
		items[root] = items[child];
		root = child;
	}
	items[root] = moving;
}

void areas_sort(struct areas *a)
{
	if (a->nr < 2 || areas_is_sorted(a))
		return;
	for (uint64_t i = a->nr / 2; i-- > 0;)
		areas_sift(a->items, i, a->nr);
	for (uint64_t end = a->nr - 1; end > 0; end--) {
		const struct area last = a->items[end];

		a->items[end] = a->items[0];
		a->items[0] = last;
		areas_sift(a->items, 0, end);
	}
}

/* The areas that hold the sweep's position. */
struct areas_open {
	const struct area *items[AREAS_OPEN_MAX];
	uint32_t nr;
};

static void open_close_ended(struct areas_open *open, uint64_t pos)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < open->nr; i++)
		if (open->items[i]->end > pos)
			open->items[kept++] = open->items[i];
	open->nr = kept;
}

static const struct area *open_find_top(const struct areas_open *open)
{
	const struct area *top = open->items[0];

	for (uint32_t i = 1; i < open->nr; i++)
		if (open->items[i]->kind > top->kind)
			top = open->items[i];
	return top;
}

void areas_flatten(struct areas *in, struct areas *out)
{
	struct areas_open open = {.nr = 0};
	const struct area *last = NULL;
	uint64_t next = 0, pos = 0;

	areas_sort(in);
	out->failed |= in->failed;
	for (;;) {
		open_close_ended(&open, pos);
		if (!open.nr && next == in->nr)
			return;
		if (!open.nr)
			pos = in->items[next].start;
		for (; next < in->nr && in->items[next].start <= pos; next++) {
			if (open.nr == AREAS_OPEN_MAX)
				out->failed = true;
			else
				open.items[open.nr++] = &in->items[next];
		}
		const struct area *const top = open_find_top(&open);
		uint64_t end = top->end;

		if (next < in->nr && in->items[next].start < end)
			end = in->items[next].start;
		if (top == last && out->nr && out->items[out->nr - 1].end == pos)
			out->items[out->nr - 1].end = end;
		else
			areas_add(out, pos, end, top->kind, top->tid);
		last = top;
		pos = end;
	}
}

const struct area *areas_find(const struct areas *a, uint64_t addr)
{
	uint64_t low = 0, high = a->nr;

	while (low < high) {
		const uint64_t middle = low + (high - low) / 2;

		if (a->items[middle].end <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low < a->nr && a->items[low].start <= addr ? &a->items[low] : NULL;
}
