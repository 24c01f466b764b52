/* SPDX-License-Identifier: MIT */
/*
 * RMEM, ANEX and RESI: memory outside of small blocks.  Pages that are not there, and pages of
 * zeroes, are left out.  The snapshot child only.
 */
#include <string.h>

#include "rt/option.h"
#include "rt/sys.h"
#include "snap/copy.h"
#include "snap/filter.h"
#include "snap/image.h"
#include "rt/ban.h"

/* Entries in the making: consecutive pieces join one hc_range. */
struct ranges {
	struct image *im;
	struct hc_range *open;	/* in the writer's chunk; NULL: none */
	uint64_t next;		/* where the open one goes on */
};

static bool is_zero(const uint64_t *words, size_t len)
{
	uint64_t any = 0;

	for (size_t i = 0; i < (len + 7) / 8; i++)
		any |= words[i];
	return !any;
}

static void put_bytes(struct ranges *r, uint64_t addr, const void *bytes, size_t len,
		      const struct area *as)
{
	struct writer *const w = r->im->writer;
	const size_t padded = (len + 7) & ~(size_t)7;

	if (!r->open || r->next != addr || writer_left(w) < padded) {
		if (writer_left(w) < padded + sizeof(*r->open))
			writer_cut(w);
		r->open = writer_take(w, sizeof(*r->open));
		*r->open = (struct hc_range){.addr = addr, .kind = as->kind, .tid = as->tid};
	}
	memcpy(writer_take(w, padded), bytes, padded);
	r->open->len += len;
	r->next = addr + len;
	if (padded != len)
		r->open = NULL;
}

/* One piece of one mapping. */
static void put_pages(struct ranges *r, const struct map *m, const struct area *as)
{
	struct image *const im = r->im;
	const bool may_be_absent = !m->shared && !m->inode;
	uint64_t words[PAGES_SIZE / 8];
	bool unreadable = false;
	uint64_t end;

	for (uint64_t at = as->start; at < as->end && !writer_error(im->writer); at = end) {
		end = (at | (PAGES_SIZE - 1)) + 1;
		if (end > as->end)
			end = as->end;
		const size_t len = end - at;

		if (may_be_absent && !pages_is_there(&im->pages, at))
			continue;
		words[(len - 1) / 8] = 0;
		if (!copy_memory(words, at, len)) {
			unreadable = true;
			continue;
		}
		filter_words(im, words, len);
		if (!is_zero(words, len))
			put_bytes(r, at, words, len, as);
	}
	im->nr_unreadable += unreadable;
}

/* A piece may span several mappings, and gaps between them. */
static void put_area(struct ranges *r, const struct area *a, enum hc_range_kind kind, uint32_t *map)
{
	const struct maps *const maps = &r->im->maps;

	r->open = NULL;
	while (*map < maps->nr && maps->maps[*map].end <= a->start)
		++*map;
	for (uint32_t i = *map; i < maps->nr && maps->maps[i].start < a->end; i++) {
		const struct map *const m = &maps->maps[i];
		struct area piece = {
			.start = a->start > m->start ? a->start : m->start,
			.end = a->end < m->end ? a->end : m->end,
			.kind = kind,
			.tid = a->tid,
		};

		piece.start = (piece.start + 7) & ~7ull;
		if (piece.start < piece.end && (m->prot & PROT_READ))
			put_pages(r, m, &piece);
	}
}

/* False: not dumped here. */
static bool range_kind(enum area_kind area, enum hc_range_kind *kind)
{
	switch (area) {
	case AREA_ANONYMOUS:
		*kind = HC_RANGE_OTHER;
		return true;
	case AREA_DATA:
		*kind = HC_RANGE_DATA;
		return true;
	case AREA_BLOCK:
		*kind = HC_RANGE_BLOCK;
		return true;
	case AREA_TLS:
		*kind = HC_RANGE_TLS;
		return true;
	case AREA_STACK:
		*kind = HC_RANGE_STACK;
		return true;
	case AREA_READ_ONLY:
	case AREA_HEAP:
	case AREA_DEAD_STACK:
	case AREA_MAPPED:
	case AREA_STACK_FREE:
	case AREA_PROFILER:
		break;
	}
	return false;
}

void section_ranges(struct image *im)
{
	struct ranges r = {.im = im};
	struct areas all, flat;
	enum hc_range_kind kind;
	uint32_t map = 0;

	if (option_get(OPTION_CONTENTS) == HC_CONTENTS_NONE)
		return;
	areas_init(&all, im->bump);
	areas_init(&flat, im->bump);
	for (uint64_t i = 0; i < im->layout.nr; i++) {
		const struct area *const a = &im->layout.items[i];

		areas_add(&all, a->start, a->end, a->kind, a->tid);
	}
	for (uint64_t i = 0; i < im->contents.nr; i++) {
		const struct area *const a = &im->contents.items[i];

		areas_add(&all, a->start, a->end, a->kind, 0);
	}
	areas_flatten(&all, &flat);
	im->failed |= flat.failed || im->layout.failed || im->contents.failed;
	writer_begin(im->writer, HC_SECTION_RMEM);
	for (uint64_t i = 0; i < flat.nr; i++)
		if (range_kind(flat.items[i].kind, &kind))
			put_area(&r, &flat.items[i], kind, &map);
	writer_end(im->writer);
}

static void put_annex(struct image *im, const struct area *a)
{
	const size_t len = a->end - a->start, padded = (len + 7) & ~(size_t)7;
	struct hc_range *const head = writer_take(im->writer, sizeof(*head) + padded);

	*head = (struct hc_range){.addr = a->start, .len = len};
	if (!copy_memory(head + 1, a->start, len))
		im->nr_unreadable++;
	memset((char *)(head + 1) + len, 0, padded - len);
}

void section_annex(struct image *im)
{
	struct areas flat;

	if (!im->annex.nr)
		return;
	areas_init(&flat, im->bump);
	areas_flatten(&im->annex, &flat);
	writer_begin(im->writer, HC_SECTION_ANEX);
	for (uint64_t i = 0; i < flat.nr; i++)
		put_annex(im, &flat.items[i]);
	writer_end(im->writer);
}

void section_resident(struct image *im)
{
	struct hc_resident_run run;

	writer_begin(im->writer, HC_SECTION_RESI);
	for (uint32_t i = 0; i < im->maps.nr; i++) {
		const struct map *const m = &im->maps.maps[i];
		uint64_t at = m->start;

		if (!(m->prot & PROT_WRITE) || m->shared || m->start == im->own_start)
			continue;
		while (at < m->end &&
		       pages_find_run(&im->pages, at, m->end, &run.start, &run.end)) {
			writer_append(im->writer, &run, sizeof(run));
			at = run.end;
		}
	}
	writer_end(im->writer);
}
