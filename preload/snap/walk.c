/* SPDX-License-Identifier: MIT */
/*
 * Merging the planes.  Blocks of two planes may nest; one that straddles the end of another (the
 * census was not told of something) is left out, since a dump must not hold it.  The snapshot child
 * only.
 */
#include "snap/walk.h"

#include <string.h>

#include "heapcensus/dump_format.h"
#include "rt/ban.h"

void walk_init(struct walk *w)
{
	memset(w, 0, sizeof(*w));
	w->index = UINT64_MAX;
	for (int i = 0; i < NR_PLANES; i++) {
		plane_cursor_init(&w->cursors[i], &live_planes[i]);
		w->more[i] = plane_cursor_next(&w->cursors[i]);
	}
}

/* Which plane a block comes from when two have one of the same address and size: what is told later
 * is inside. */
static const enum plane_id walk_order[NR_PLANES] = { PLANE_MMAP, PLANE_MALLOC, PLANE_PYTHON,
						     PLANE_OBJECT, PLANE_POOL };

static bool walk_find_first(struct walk *w)
{
	bool found = false;

	w->others = UINT64_MAX;
	for (int i = 0; i < NR_PLANES; i++) {
		const struct plane_cursor *const c = &w->cursors[walk_order[i]];
		const struct plane_cursor *const first = &w->cursors[w->plane];

		if (!w->more[walk_order[i]])
			continue;
		if (found && (c->addr > first->addr ||
			      (c->addr == first->addr && c->size <= first->size))) {
			w->others = c->addr < w->others ? c->addr : w->others;
			continue;
		}
		if (found)
			w->others = first->addr;
		w->plane = walk_order[i];
		found = true;
	}
	return found;
}

/* Mostly the next block of the plane that the last one came from. */
static bool walk_find_next(struct walk *w)
{
	return (w->more[w->plane] && w->cursors[w->plane].addr < w->others) || walk_find_first(w);
}

/* False where the block may not be dumped. */
static bool walk_enter(struct walk *w)
{
	const uint64_t end = w->addr + w->size;

	while (w->nr_open && w->open[w->nr_open - 1].end <= w->addr)
		w->nr_open--;
	if (w->nr_open && (end > w->open[w->nr_open - 1].end || w->nr_open == WALK_DEPTH_MAX))
		return false;
	const bool held = w->nr_open && w->open[w->nr_open - 1].holds;
	const bool is_arena = record_kind(w->record.a) == HC_KIND_ARENA;

	w->is_owner = !held && !is_arena;
	if (w->size)
		w->open[w->nr_open++] = (struct walk_open){end, held || !is_arena};
	return true;
}

bool walk_next(struct walk *w)
{
	while (walk_find_next(w)) {
		struct plane_cursor *const c = &w->cursors[w->plane];

		w->addr = c->addr;
		w->size = c->size;
		w->record = c->record;
		w->more[w->plane] = plane_cursor_next(c);
		if (walk_enter(w)) {
			w->index++;
			return true;
		}
		w->nr_dropped++;
	}
	return false;
}
