/* SPDX-License-Identifier: MIT */
/*
 * Page residency.  The snapshot child only.
 */
#include "snap/pages.h"

#include "rt/sys.h"
#include "rt/ban.h"

#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_PRESENT (1ull << 63)

void pages_init(struct pages *p)
{
	p->nr = 0;
	p->fd = sys_open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC, 0);
}

static void pages_fill_mincore(struct pages *p, uint64_t page)
{
	unsigned char present[PAGES_BATCH];

	/* One page at a time where a gap makes the whole range fail. */
	if (sys_mincore((void *)(page << PAGES_SHIFT), PAGES_BATCH << PAGES_SHIFT, present) == 0)
		p->nr = PAGES_BATCH;
	else
		p->nr = 1;
	if (p->nr == 1 && sys_mincore((void *)(page << PAGES_SHIFT), PAGES_SIZE, present) != 0)
		present[0] = 0;
	for (uint64_t i = 0; i < p->nr; i++)
		p->entries[i] = present[i] & 1 ? PAGEMAP_PRESENT : 0;
	p->first = page;
}

static void pages_fill(struct pages *p, uint64_t page)
{
	const long got =
		p->fd < 0 ? -1 : sys_pread(p->fd, p->entries, sizeof(p->entries), page * 8);

	if (got < 8) {
		pages_fill_mincore(p, page);
		return;
	}
	p->first = page;
	p->nr = (uint64_t)got / 8;
}

static bool pages_look(struct pages *p, uint64_t page)
{
	if (page - p->first >= p->nr)
		pages_fill(p, page);
	return p->entries[page - p->first] & (PAGEMAP_PRESENT | PAGEMAP_SWAPPED);
}

bool pages_is_there(struct pages *p, uint64_t addr)
{
	/* mincore cannot tell a swapped page from none: then all are read. */
	return p->fd < 0 || pages_look(p, addr >> PAGES_SHIFT);
}

bool pages_find_run(struct pages *p, uint64_t from, uint64_t end, uint64_t *start, uint64_t *stop)
{
	uint64_t page = from >> PAGES_SHIFT;
	const uint64_t last = (end + PAGES_SIZE - 1) >> PAGES_SHIFT;

	while (page < last && !pages_look(p, page))
		page++;
	if (page == last)
		return false;
	*start = page << PAGES_SHIFT;
	while (page < last && pages_look(p, page))
		page++;
	*stop = page << PAGES_SHIFT;
	return true;
}
