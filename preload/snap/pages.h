/* SPDX-License-Identifier: MIT */
/*
 * Which pages of private anonymous memory exist, from /proc/self/pagemap: a page that does not is
 * zero and need not be read. The snapshot child only.
 */
#ifndef SNAP_PAGES_H
#define SNAP_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#define PAGES_SHIFT 12
#define PAGES_SIZE (1ul << PAGES_SHIFT)
#define PAGES_BATCH 512

struct pages {
	int fd;			/* < 0: not known, every page counts as there */
	bool no_scan;		/* the kernel cannot look for runs itself (before 6.7) */
	uint64_t first, nr;	/* page numbers that entries holds */
	uint64_t entries[PAGES_BATCH];
};

/* Opens pagemap; keeps it to the end of the process. */
void pages_init(struct pages *p);

/* Is the page at addr resident or swapped? */
bool pages_is_there(struct pages *p, uint64_t addr);

/*
 * The first run of pages that are there in [from, end): false where there is none.  Falls back on
 * mincore, which sees no swap.
 */
bool pages_find_run(struct pages *p, uint64_t from, uint64_t end, uint64_t *start, uint64_t *stop);

#endif
