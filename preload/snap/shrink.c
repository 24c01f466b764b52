/* SPDX-License-Identifier: MIT */
/*
 * Shadow of heap that is gone.  Under trigger.c's busy.
 */
#include "snap/shrink.h"

#include <stdbool.h>
#include <stddef.h>

#include "live/plane.h"
#include "rt/sys.h"
#include "snap/gate.h"
#include "rt/ban.h"

#define PAGE		  4096ul
#define SHRINK_FALL	  (16ul << 20) /* bytes: the least fall that counts, if it is a quarter */
#define SHRINK_LOOKS	  4	       /* passes after a fall */
#define SHRINK_TICKS	  64	       /* at least, between passes without one */
#define SHRINK_LEAVES	  16	       /* of one call: so many are looked through, */
#define SHRINK_LOOKED	  8192	       /* ... of so many resident pages at most, */
#define SHRINK_PAGES	  4096	       /* ... so many pages are given back, */
#define SHRINK_BATCH	  1024	       /* ... so many at a time with the gate closed, */
#define SHRINK_RUNS	  128	       /* ... in so many pieces at most */
#define SHRINK_GATE_NS	  2000000
#define SHRINK_HEAP_PAGES 4 /* that a page of shadow covers at most */

/* PLANE_MMAP's goes when its blocks do, PLANE_OBJECT has none. */
static const enum plane_id planes[] = { PLANE_MALLOC, PLANE_PYTHON, PLANE_POOL };
#define NR_SHRUNK (sizeof(planes) / sizeof(planes[0]))

struct shrink_run {
	const struct plane *plane;
	void *leaf;
	uint64_t start, end; /* pages of the leaf */
};

static struct {
	uint64_t peak;	    /* live bytes, the most since looking was begun */
	uint64_t freed;	    /* bytes until the last pass */
	uint32_t nr_ticks;  /* since then */
	uint32_t looks;	    /* passes that are due */
	uint32_t plane;	    /* where the pass is: index into planes, */
	uint64_t leaf;	    /* ... index of the leaf */
	uint64_t page;	    /* ... of the page in it */
	uint32_t nr_looked; /* pages of this call, */
	uint32_t nr_pages;  /* ... of them, that are given back, */
	uint32_t nr_batch;  /* ... and not yet, in runs: */
	uint32_t nr_runs;
	struct shrink_run runs[SHRINK_RUNS];
	uint8_t resident[PAGE];
} shrink;

static bool is_resident(uint64_t page)
{
	uint8_t in = 0;

	return sys_mincore((void *)page, PAGE, &in) == 0 && in & 1;
}

/* addr and len are those of whole pages, or less than one page. */
static bool heap_is_there(uint64_t addr, uint64_t len)
{
	const uint64_t start = addr & -PAGE, nr = (len + PAGE - 1) / PAGE;
	uint8_t in[SHRINK_HEAP_PAGES];
	uint8_t any = 0;

	if (sys_mincore((void *)start, nr * PAGE, in) == 0) {
		for (uint64_t i = 0; i < nr; i++)
			any |= in[i];
		return any & 1;
	}
	/* Some of them are not mapped. */
	for (uint64_t i = 0; i < nr; i++)
		if (is_resident(start + i * PAGE))
			return true;
	return false;
}

/* What is still empty of a run goes. */
static void give_back_run(const struct shrink_run *run)
{
	const char *const leaf = run->leaf;
	uint64_t start = run->start;

	for (uint64_t n = run->start; n <= run->end; n++) {
		if (n < run->end && plane_page_is_empty(run->plane, leaf, n))
			continue;
		if (start < n)
			(void)sys_madvise((void *)(leaf + start * PAGE), (n - start) * PAGE,
					  MADV_DONTNEED);
		start = n + 1;
	}
}

/* Where the gate cannot be had, the next look finds them. */
static void give_back(void)
{
	if (shrink.nr_runs && gate_close(SHRINK_GATE_NS)) {
		for (uint32_t i = 0; i < shrink.nr_runs; i++)
			give_back_run(&shrink.runs[i]);
		gate_open();
	}
	shrink.nr_runs = shrink.nr_batch = 0;
}

static void note_page(const struct plane *p, void *leaf, uint64_t n)
{
	struct shrink_run *run = shrink.nr_runs ? &shrink.runs[shrink.nr_runs - 1] : NULL;

	if (!run || run->leaf != leaf || run->end != n) {
		run = &shrink.runs[shrink.nr_runs++];
		*run = (struct shrink_run){ .plane = p, .leaf = leaf, .start = n };
	}
	run->end = n + 1;
	shrink.nr_pages++;
	if (++shrink.nr_batch == SHRINK_BATCH || shrink.nr_runs == SHRINK_RUNS)
		give_back();
}

static bool is_done(void)
{
	return shrink.nr_pages >= SHRINK_PAGES || shrink.nr_looked >= SHRINK_LOOKED;
}

/* From shrink.page on; heap: what the leaf covers begins there.  False where it is not done with.
 */
static bool look_through_leaf(const struct plane *p, void *leaf, uint64_t heap)
{
	const uint64_t covers = plane_page_covers(p), nr = (1ul << PLANE_LEAF_SHIFT) / covers;
	const uint64_t first = shrink.page;

	for (uint64_t n = first; n < nr; n++) {
		const uint64_t i = (n - first) % PAGE;

		if (is_done()) {
			shrink.page = n;
			return false;
		}
		if (i == 0 &&
		    sys_mincore((char *)leaf + n * PAGE, (nr - n < PAGE ? nr - n : PAGE) * PAGE,
				shrink.resident) != 0)
			break;
		if (!(shrink.resident[i] & 1))
			continue;
		shrink.nr_looked++;
		if (plane_page_is_empty(p, leaf, n) && !heap_is_there(heap + n * covers, covers))
			note_page(p, leaf, n);
	}
	shrink.page = 0;
	return true;
}

/* One leaf more.  False at the pass' end. */
static bool look_further(void)
{
	while (shrink.plane < NR_SHRUNK) {
		const struct plane *const p = &live_planes[planes[shrink.plane]];
		void *const leaf = plane_next_leaf(p, &shrink.leaf);

		if (leaf) {
			shrink.leaf += look_through_leaf(p, leaf, shrink.leaf << PLANE_LEAF_SHIFT);
			return true;
		}
		shrink.plane++;
		shrink.leaf = 0;
	}
	shrink.plane = 0;
	return false;
}

void shrink_ask(void)
{
	if (!shrink.looks)
		shrink.looks = 1;
}

/* Is a pass due?  A fall is answered at once and some ticks long, as the allocator may give back a
 * little later; one between two ticks shows only in what was freed. */
static void decide(uint64_t live_bytes, uint64_t freed_bytes)
{
	if (live_bytes > shrink.peak)
		shrink.peak = live_bytes;
	shrink.nr_ticks++;
	if (shrink.peak - live_bytes >= SHRINK_FALL &&
	    shrink.peak - live_bytes >= shrink.peak / 4) {
		shrink.peak = live_bytes;
		shrink.looks = SHRINK_LOOKS;
	} else if (!shrink.looks && shrink.nr_ticks >= SHRINK_TICKS &&
		   freed_bytes - shrink.freed >= live_bytes + SHRINK_FALL) {
		shrink.looks = 1;
	}
	if (shrink.looks) {
		shrink.freed = freed_bytes;
		shrink.nr_ticks = 0;
	}
}

void shrink_look(uint64_t live_bytes, uint64_t freed_bytes)
{
	decide(live_bytes, freed_bytes);
	shrink.nr_pages = shrink.nr_looked = 0;
	for (int i = 0; shrink.looks && i < SHRINK_LEAVES && !is_done(); i++) {
		if (look_further())
			continue;
		shrink.looks--;
		break;
	}
	give_back();
}
