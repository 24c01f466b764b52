/* SPDX-License-Identifier: MIT */
/*
 * Questions that the program asks about its own tagged objects, as trackref answers them.  The
 * census is read with the gate closed; names, output and visits come after it has opened again,
 * outside the door.
 *
 * Works in private memory.  While the gate is closed this thread takes no signal: its handlers
 * could wait for the gate.
 */
#include <stdio.h>
#include <string.h>

#include <heapcensus/dump_format.h>

#include "hook/wrap.h"
#include "live/attr.h"
#include "rt/private.h"
#include "snap/gate.h"
#include "snap/signals.h"

#define GATE_TIMEOUT_NS 1000000000ull
#define GATE_TRIES 10		/* other threads that ask all the time may be faster */
#define IGNORE_MAX 64

struct found {
	uint64_t addr, size;
	uint32_t tick, seq;
};

/* What a walk over all tagged objects is to do with each. */
typedef void visit_record(void *arg, uint32_t tag, const struct plane_cursor *c);

static bool close_census(uint64_t *mask)
{
	for (int i = 0; i < GATE_TRIES; i++) {
		*mask = signal_block_all();
		if (gate_close(GATE_TIMEOUT_NS))
			return true;
		signal_restore(*mask);
	}
	return false;
}

static void open_census(uint64_t mask)
{
	gate_open();
	signal_restore(mask);
}

static void walk_tagged(visit_record *visit, void *arg)
{
	struct plane_cursor c;

	for (uint32_t i = 0; i < NR_PLANES; i++) {
		plane_cursor_init(&c, &live_planes[i]);
		while (plane_cursor_next(&c)) {
			const uint32_t tag = attr_get(record_attr(c.record.a)).tag;

			if (tag)
				visit(arg, tag, &c);
		}
	}
}

static double age_of(uint32_t tick)
{
	const uint64_t now = clock_ns(CLOCK_MONOTONIC_COARSE) - rt_clock.start_monotonic_ns;
	const uint64_t born = (uint64_t)tick << CLOCK_TICK_SHIFT;

	return now > born ? (double)(now - born) / 1e9 : 0;
}

/* a before b: the oldest first. */
static bool is_older(const struct found *a, const struct found *b)
{
	return a->tick != b->tick ? a->tick < b->tick : a->seq < b->seq;
}

static void sift_down(struct found *items, size_t nr, size_t i)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= nr)
			return;
		if (child + 1 < nr && is_older(&items[child], &items[child + 1]))
			child++;
		if (!is_older(&items[i], &items[child]))
			return;
		const struct found other = items[i];

		items[i] = items[child];
		items[child] = other;
		i = child;
	}
}

/* A heap sort: libc's qsort may allocate. */
static void sort_found(struct found *items, size_t nr)
{
	for (size_t i = nr / 2; i-- > 0;)
		sift_down(items, nr, i);
	for (size_t end = nr; end-- > 1;) {
		const struct found last = items[end];

		items[end] = items[0];
		items[0] = last;
		sift_down(items, end, 0);
	}
}

struct collection {
	uint32_t tag;
	size_t nr, room;
	struct found *items;	/* NULL: count only */
};

static void collect(void *arg, uint32_t tag, const struct plane_cursor *c)
{
	struct collection *const all = arg;

	if (tag != all->tag)
		return;
	if (all->items && all->nr < all->room)
		all->items[all->nr] = (struct found){
			.addr = c->addr,
			.size = c->size,
			.tick = record_tick(c->record.b),
			.seq = record_seq(c->record.b),
		};
	all->nr++;
}

/* All objects of a name, oldest first; the caller frees.  NULL where there are none, or no memory.
 */
static struct found *find_all(const char *name, size_t *nr)
{
	struct collection all = {.tag = real_ready() ? attr_find_text(name) : 0};
	uint64_t mask;

	*nr = 0;
	if (!all.tag || !close_census(&mask))
		return NULL;
	walk_tagged(collect, &all);
	all.room = all.nr;
	all.items = all.nr ? private_calloc(all.nr, sizeof(*all.items)) : NULL;
	if (all.items) {
		all.nr = 0;
		walk_tagged(collect, &all);
		*nr = all.nr;
	}
	open_census(mask);
	if (all.items)
		sort_found(all.items, all.nr);
	return all.items;
}

HOOK_EXPORT void *heapcensus_hook_get_oldest(const char *name, double *age)
{
	size_t nr;
	struct found *const items = find_all(name, &nr);
	void *p = NULL;

	if (items) {
		p = (void *)items[0].addr;
		if (age)
			*age = age_of(items[0].tick);
	}
	private_free(items);
	return p;
}

HOOK_EXPORT size_t heapcensus_hook_iter_all(const char *name, heapcensus_visit *visit, void *arg)
{
	size_t nr;
	struct found *const items = find_all(name, &nr);

	for (size_t i = 0; i < nr; i++)
		visit((void *)items[i].addr, items[i].size, age_of(items[i].tick), arg);
	private_free(items);
	return nr;
}

/* One line of the report; indexed by the tag's text id. */
struct line {
	uint64_t nr;
	uint32_t oldest;	/* tick */
};

struct summary {
	struct line *lines;
	uint32_t nr;
};

static void add_up(void *arg, uint32_t tag, const struct plane_cursor *c)
{
	struct summary *const s = arg;
	const uint32_t tick = record_tick(c->record.b);

	if (tag >= s->nr)
		return;
	struct line *const line = &s->lines[tag];

	if (!line->nr || tick < line->oldest)
		line->oldest = tick;
	line->nr++;
}

static uint32_t read_ignored(va_list ignore, const char *names[IGNORE_MAX])
{
	uint32_t nr = 0;

	while (nr < IGNORE_MAX && (names[nr] = va_arg(ignore, const char *)))
		nr++;
	return nr;
}

static bool is_ignored(const char *name, const char *const *names, uint32_t nr)
{
	for (uint32_t i = 0; i < nr; i++)
		if (!strcmp(name, names[i]))
			return true;
	return false;
}

/* The tag with the least name above `above`, or 0: names are few. */
static uint32_t next_by_name(const struct summary *s, const char *above)
{
	uint32_t best = 0;

	for (uint32_t tag = 1; tag < s->nr; tag++) {
		if (!s->lines[tag].nr || (above && strcmp(attr_text(tag), above) <= 0))
			continue;
		if (!best || strcmp(attr_text(tag), attr_text(best)) < 0)
			best = tag;
	}
	return best;
}

static int print_summary(FILE *out, const struct summary *s, const char *const *ignored,
			 uint32_t nr_ignored)
{
	uint32_t tag = 0;
	int lines = 0;

	fprintf(out, "Live References\n\n");
	while ((tag = next_by_name(s, tag ? attr_text(tag) : NULL))) {
		if (is_ignored(attr_text(tag), ignored, nr_ignored))
			continue;
		fprintf(out, "%-30s %6llu   oldest: %llus ago\n", attr_text(tag),
			(unsigned long long)s->lines[tag].nr,
			(unsigned long long)age_of(s->lines[tag].oldest));
		lines++;
	}
	return lines;
}

HOOK_EXPORT int heapcensus_hook_print_live_refs(FILE *out, va_list ignore)
{
	const char *ignored[IGNORE_MAX];
	const uint32_t nr_ignored = read_ignored(ignore, ignored);
	struct summary s = {.nr = attr_nr_texts() + 1};
	uint64_t mask;
	int lines = -1;

	s.lines = real_ready() ? private_calloc(s.nr, sizeof(*s.lines)) : NULL;
	if (s.lines && close_census(&mask)) {
		walk_tagged(add_up, &s);
		open_census(mask);
		lines = print_summary(out, &s, ignored, nr_ignored);
	}
	private_free(s.lines);
	return lines;
}
