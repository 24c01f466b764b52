/* SPDX-License-Identifier: MIT */
/*
 * Following vtable -> type_info -> name through modules.  Bounded: every address once, a limited
 * number of them, a limited depth.  The snapshot child only; every read is guarded.
 */
#include "snap/annex.h"

#include <string.h>

#include "snap/copy.h"
#include "rt/sys.h"
#include "rt/ban.h"

#define ANNEX_SLOTS (1u << 17)
#define ANNEX_SEEN_MAX (ANNEX_SLOTS / 2)
#define ANNEX_DEPTH_MAX 8
#define ANNEX_NAME_MAX 1024
#define ANNEX_NAME_STEP 64
#define ANNEX_PAGES 1024

#define VTABLE_BEFORE 16	/* offset to top, type_info */
#define VTABLE_AFTER 32		/* the first functions */
#define TYPE_INFO_SIZE 64	/* vtable, name, and bases of most classes */

/* Addresses that were looked at, whatever came of it. */
struct annex_seen {
	uint32_t nr;
	uint64_t slots[ANNEX_SLOTS];
	uint64_t nowhere[ANNEX_PAGES];	/* pages of no module, each at its number's remainder */
};

void annex_init(struct image *im)
{
	areas_init(&im->annex, im->bump);
	im->annex_seen = bump_alloc(im->bump, sizeof(*im->annex_seen));
}

/* Its slot, or the free one that it would have. */
static uint32_t annex_find_slot(const struct annex_seen *seen, uint64_t addr)
{
	uint32_t at = (uint32_t)(addr >> 3) * 2654435761u >> 15;

	while (seen->slots[at] && seen->slots[at] != addr)
		at = (at + 1) % ANNEX_SLOTS;
	return at;
}

/* True the first time. */
static bool annex_see(struct annex_seen *seen, uint64_t addr)
{
	const uint32_t at = annex_find_slot(seen, addr);

	if (seen->slots[at] || seen->nr == ANNEX_SEEN_MAX)
		return false;
	seen->nr++;
	seen->slots[at] = addr;
	return true;
}

static const struct module_segment *annex_find_segment(const struct image *im, uint64_t addr)
{
	const struct module *const m = modules_find(&im->modules, addr);

	for (uint32_t i = 0; m && i < m->nr_segments; i++)
		if (addr >= m->segments[i].start && addr < m->segments[i].end)
			return &m->segments[i];
	return NULL;
}

/* Writable segments are in RMEM already. */
static void annex_add(struct image *im, const struct module_segment *s, uint64_t start,
		      uint64_t end)
{
	if (s->prot & PROT_WRITE)
		return;
	areas_add(&im->annex, start > s->start ? start : s->start, end < s->end ? end : s->end,
		  AREA_READ_ONLY, 0);
}

void annex_add_memory(struct image *im, uint64_t start, uint64_t end)
{
	const struct module_segment *const s = annex_find_segment(im, start);

	if (s && annex_see(im->annex_seen, start))
		annex_add(im, s, start, end);
}

void annex_add_name(struct image *im, uint64_t addr)
{
	const struct module_segment *const s = annex_find_segment(im, addr);
	char step[ANNEX_NAME_STEP];
	uint64_t end = addr;

	if (!s || !annex_see(im->annex_seen, addr))
		return;
	while (end < addr + ANNEX_NAME_MAX && end < s->end) {
		const uint64_t room = s->end - end;
		const size_t len = room < sizeof(step) ? room : sizeof(step);

		if (!copy_memory(step, end, len))
			return;
		const char *const zero = memchr(step, 0, len);

		if (zero) {
			annex_add(im, s, addr, end + (uint64_t)(zero - step) + 1);
			return;
		}
		end += len;
	}
}

static void annex_add_vtable(struct image *im, uint64_t addr, int depth);

static void annex_add_type(struct image *im, uint64_t addr, int depth)
{
	const struct module_segment *const s = annex_find_segment(im, addr);
	struct { uint64_t vtable, name, base; } type;

	if (!s || addr % 8 || depth == ANNEX_DEPTH_MAX || !annex_see(im->annex_seen, addr) ||
	    !copy_memory(&type, addr, sizeof(type)))
		return;
	annex_add(im, s, addr, addr + TYPE_INFO_SIZE);
	annex_add_name(im, type.name);
	annex_add_vtable(im, type.vtable, depth + 1);
	annex_add_type(im, type.base, depth + 1);
}

static void annex_add_vtable(struct image *im, uint64_t addr, int depth)
{
	const struct module_segment *const s = annex_find_segment(im, addr);
	struct { uint64_t to_top, type, function; } table;

	if (!s || addr % 8 || depth == ANNEX_DEPTH_MAX || !annex_see(im->annex_seen, addr) ||
	    !copy_memory(&table, addr - VTABLE_BEFORE, sizeof(table)))
		return;
	const struct module_segment *const code = annex_find_segment(im, table.function);

	if (table.to_top || !code || !(code->prot & PROT_EXEC))
		return;
	annex_add(im, s, addr - VTABLE_BEFORE, addr + VTABLE_AFTER);
	annex_add_type(im, table.type, depth + 1);
}

static bool page_is_of_module(const struct image *im, uint64_t page)
{
	const uint64_t start = page * PAGES_SIZE, end = start + PAGES_SIZE;

	for (uint32_t i = 0; i < im->modules.nr; i++)
		if (im->modules.modules[i].start < end && im->modules.modules[i].end > start)
			return true;
	return false;
}

void annex_note(struct image *im, uint64_t word)
{
	struct annex_seen *const seen = im->annex_seen;
	const uint64_t page = word / PAGES_SIZE;

	/* Most words are no vtables, or have been looked at: neither needs the modules. */
	if (!seen || !page || seen->nowhere[page % ANNEX_PAGES] == page ||
	    seen->slots[annex_find_slot(seen, word)])
		return;
	if (page_is_of_module(im, page))
		annex_add_vtable(im, word, 0);
	else
		seen->nowhere[page % ANNEX_PAGES] = page;
}
