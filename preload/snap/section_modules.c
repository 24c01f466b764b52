/* SPDX-License-Identifier: MIT */
/*
 * MODS, SEGS and MAPS: what is loaded and mapped where.  The snapshot child only.
 */
#include <string.h>

#include "snap/image.h"
#include "rt/ban.h"

static void put_modules(struct image *im)
{
	writer_begin(im->writer, HC_SECTION_MODS);
	for (uint32_t i = 0; i < im->modules.nr; i++) {
		const struct module *const m = &im->modules.modules[i];
		const struct hc_module out = {
			.bias = m->bias,
			.start = m->start,
			.end = m->end,
			.path = strings_intern_text(&im->strings, m->path),
			.build_id = strings_intern(&im->strings, (const char *)m->build_id,
						   m->build_id_len),
			.flags = m->is_main,
		};

		writer_append(im->writer, &out, sizeof(out));
	}
	writer_end(im->writer);
}

static void put_segments(struct image *im, uint32_t index)
{
	const struct module *const m = &im->modules.modules[index];

	for (uint32_t i = 0; i < m->nr_segments; i++) {
		const struct module_segment *const s = &m->segments[i];
		const bool has_relro = m->relro_start >= s->start && m->relro_start < s->end;
		const struct hc_segment out = {
			.start = s->start,
			.end = s->end,
			.file_offset = s->file_offset,
			.file_size = s->file_size,
			.module = index,
			.prot = s->prot,
			.relro_start = has_relro ? m->relro_start : 0,
			.relro_end = !has_relro ? 0 : m->relro_end < s->end ? m->relro_end : s->end,
		};

		writer_append(im->writer, &out, sizeof(out));
	}
}

void section_modules(struct image *im)
{
	put_modules(im);
	writer_begin(im->writer, HC_SECTION_SEGS);
	for (uint32_t i = 0; i < im->modules.nr; i++)
		put_segments(im, i);
	writer_end(im->writer);
}

static enum hc_map_kind map_kind(const struct map *m, enum area_kind kind)
{
	switch (kind) {
	case AREA_HEAP:
		return HC_MAP_HEAP;
	case AREA_STACK:
	case AREA_STACK_FREE:
	case AREA_DEAD_STACK:
		return HC_MAP_STACK;
	case AREA_PROFILER:
		return HC_MAP_PROFILER;
	case AREA_DATA:
		return HC_MAP_FILE;
	case AREA_READ_ONLY:
	case AREA_ANONYMOUS:
	case AREA_MAPPED:
	case AREA_BLOCK:
	case AREA_TLS:
		break;
	}
	if (!strncmp(m->path, "[v", 2))
		return HC_MAP_KERNEL;
	if (!strncmp(m->path, "[stack", 6))
		return HC_MAP_STACK;
	return m->inode ? HC_MAP_FILE : HC_MAP_OTHER;
}

static void put_map(struct image *im, const struct map *m, uint64_t start, uint64_t end,
		    enum hc_map_kind kind)
{
	const struct hc_map out = {
		.start = start,
		.end = end,
		.file_offset = m->inode ? m->offset + (start - m->start) : 0,
		.prot = m->prot | (m->shared ? 8 : 0),
		.kind = kind,
		.path = strings_intern_text(&im->strings, m->path),
	};

	writer_append(im->writer, &out, sizeof(out));
}

/* Splits one mapping where its parts differ in kind; *at is the first area that may lie in it. */
static void put_map_parts(struct image *im, const struct map *m, uint64_t *at)
{
	const struct areas *const layout = &im->layout;
	enum hc_map_kind kind = HC_MAP_OTHER;
	uint64_t start = m->start;

	while (*at < layout->nr && layout->items[*at].end <= m->start)
		++*at;
	for (uint64_t i = *at; i < layout->nr && layout->items[i].start < m->end; i++) {
		const struct area *const a = &layout->items[i];
		const enum hc_map_kind next = map_kind(m, a->kind);
		const uint64_t begin = a->start > m->start ? a->start : m->start;

		if (next != kind && begin > start) {
			put_map(im, m, start, begin, kind);
			start = begin;
		}
		kind = next;
	}
	put_map(im, m, start, m->end, kind);
}

void section_maps(struct image *im)
{
	uint64_t at = 0;

	writer_begin(im->writer, HC_SECTION_MAPS);
	for (uint32_t i = 0; i < im->maps.nr; i++) {
		const struct map *const m = &im->maps.maps[i];

		/* The child's own first memory is not the program's. */
		if (m->start != im->own_start)
			put_map_parts(im, m, &at);
	}
	writer_end(im->writer);
}
