/* SPDX-License-Identifier: MIT */
/*
 * Page residency.  The snapshot child only.
 */
#include "snap/pages.h"

#include <sys/ioctl.h>

#include "rt/sys.h"
#include "rt/ban.h"

#define PAGEMAP_SWAPPED (1ull << 62)
#define PAGEMAP_PRESENT (1ull << 63)

void pages_init(struct pages *p)
{
	p->nr = 0;
	p->no_scan = false;
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

/* As linux/fs.h has it since 6.7. */
struct scan_region {
	uint64_t start, end, categories;
};
struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN_IOCTL   _IOWR('f', 16, struct scan_arg)
#define SCAN_PRESENT (1u << 3)
#define SCAN_SWAPPED (1u << 4)

/* The first run, by the kernel's own look: how many there are, or -errno. */
static long pages_scan(const struct pages *p, uint64_t from, uint64_t end,
		       struct scan_region *run)
{
	struct scan_arg scan = {
		.size = sizeof(scan),
		.start = from & -PAGES_SIZE,
		.end = (end + PAGES_SIZE - 1) & -PAGES_SIZE,
		.vec = (uint64_t)run,
		.vec_len = 1,
		.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED,
	};

	return sys_call3(SYS_ioctl, p->fd, SCAN_IOCTL, (long)&scan);
}

static bool pages_find_run_each(struct pages *p, uint64_t from, uint64_t end, uint64_t *start,
				uint64_t *stop)
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

bool pages_find_run(struct pages *p, uint64_t from, uint64_t end, uint64_t *start, uint64_t *stop)
{
	if (p->fd >= 0 && !p->no_scan) {
		struct scan_region run;
		const long nr = pages_scan(p, from, end, &run);

		p->no_scan = nr < 0;
		if (nr > 0) {
			*start = run.start;
			*stop = run.end;
		}
		if (nr >= 0)
			return nr > 0;
	}
	return pages_find_run_each(p, from, end, start, stop);
}
