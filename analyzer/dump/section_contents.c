/* SPDX-License-Identifier: MIT */
/*
 * BMEM: contents of small blocks.  The payloads stand in one area as they come out of the file,
 * headers included; every block that owns its bytes remembers where they are.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "base/parallel.h"
#include "dump/file.h"
#include "dump/internal.h"

/* Readers take the next chunk that nobody has taken. */
struct readers {
	struct dump *d;
	const struct section *section;
	const uint64_t *at; /* of each payload in the area */
	pthread_t caller;   /* who says how far the work is */
	struct dump_buffer buffers[PARALLEL_MAX];
	struct error **errors; /* [nr_chunks] */
	atomic_bool failed;
};

static void read_chunk(void *arg, unsigned int worker, uint64_t i, uint64_t end)
{
	struct readers *r = arg;

	(void)end;
	if (atomic_load(&r->failed))
		return;
	r->errors[i] = dump_file_read_payload(r->d->file, &r->buffers[worker],
					      r->section->chunks[i], r->d->small.bytes + r->at[i]);
	if (r->errors[i])
		atomic_store(&r->failed, true);
	if (pthread_equal(pthread_self(), r->caller))
		progress_step(&r->d->progress, "reading the dump", r->d->work_done + r->at[i],
			      r->d->work_total);
}

/*
 * Reads all payloads into the area, some at a time: decompressing them is most of the work of
 * opening a dump.  Of several errors it is the first chunk's: those before any that failed had been
 * begun.
 */
static struct error *read_payloads(struct dump *d, const struct section *s, const uint64_t *at)
{
	_cleanup_free_ struct error **errors = xcalloc(s->nr_chunks + 1, sizeof(*errors));
	struct readers r = {
		.d = d, .section = s, .at = at, .caller = pthread_self(), .errors = errors
	};
	struct error *first = NULL;

	parallel_for(s->nr_chunks, 1, read_chunk, &r);
	for (unsigned int i = 0; i < PARALLEL_MAX; i++)
		dump_buffer_deinit(&r.buffers[i]);
	for (size_t i = 0; i < s->nr_chunks; i++) {
		if (first)
			error_destroy(errors[i]);
		else
			first = errors[i];
	}
	d->work_done += s->raw_len;
	return first;
}

void make_places(struct dump *d)
{
	const size_t nr = d->core.blocks.nr;

	d->core.place = xcalloc(nr, sizeof(*d->core.place));
	d->core.place_base =
		xcalloc((nr >> DUMP_PLACE_GROUP_SHIFT) + 1, sizeof(*d->core.place_base));
}

void set_place(struct dump *d, size_t block, uint64_t at)
{
	uint64_t *base = &d->core.place_base[block >> DUMP_PLACE_GROUP_SHIFT];

	if (!*base)
		*base = at;
	d->core.place[block] = (uint32_t)((at - *base) / 8);
}

/* Block i lies in another one, whose place is known, or has no bytes. */
static void set_place_of_other(struct dump *d, size_t i)
{
	const struct dump_core *c = &d->core;
	const uint32_t owner = block_owner(d, i);

	if (owner != NO_BLOCK && c->blocks.size[i] && c->blocks.size[owner] < HC_LARGE_BLOCK)
		set_place(d, i,
			  dump_place_offset(c, owner) +
				  (c->blocks.addr[i] - c->blocks.addr[owner]));
	else
		c->place[i] = DUMP_NO_PLACE;
}

bool is_small(const struct dump *d, size_t i)
{
	return d->core.blocks.size[i] < HC_LARGE_BLOCK && block_owner(d, i) == i;
}

/* The first block at or after i with contents in BMEM; where those before it have theirs is noted.
 */
static size_t next_small(struct dump *d, size_t i)
{
	const struct dump_blocks *b = &d->core.blocks;

	for (; i < b->nr && !is_small(d, i); i++)
		set_place_of_other(d, i);
	return i;
}

/* Hands the bytes of one payload to blocks from *block on. */
static struct error *assign_chunk(struct dump *d, const struct dump_chunk *chunk, uint64_t at,
				  size_t *block)
{
	const uint64_t end = at + chunk->header.raw_len;
	struct hc_bmem_header head;

	if (chunk->header.raw_len < sizeof(head))
		return dump_chunk_error(d->file, chunk, "too short for its header");
	memcpy(&head, d->small.bytes + at, sizeof(head));
	*block = next_small(d, *block);
	if (head.first_block != *block)
		return dump_chunk_error(d->file, chunk,
					"begins with block %" PRIu64 ", should begin with %zu",
					head.first_block, *block);
	at += sizeof(head);
	for (uint64_t nr = 0; nr < head.nr_blocks; nr++) {
		const size_t i = next_small(d, *block);
		uint64_t size;

		if (i == d->core.blocks.nr)
			return dump_chunk_error(d->file, chunk,
						"has contents for more blocks than there are");
		size = (d->core.blocks.size[i] + 7) & ~7ull;
		if (size > end - at)
			return dump_chunk_error(d->file, chunk,
						"block %zu: its %" PRIu64 " bytes do not fit", i,
						size);
		if (size)
			set_place(d, i, at);
		else
			d->core.place[i] = DUMP_NO_PLACE;
		at += size;
		*block = i + 1;
	}
	if (at != end)
		return dump_chunk_error(d->file, chunk, "%" PRIu64 " bytes too many", end - at);
	return NULL;
}

static struct error *assign_payloads(struct dump *d, const struct section *s, const uint64_t *at)
{
	struct error *error = NULL;
	size_t block = 0;

	make_places(d);
	d->core.small = d->small.bytes;
	for (size_t i = 0; i < s->nr_chunks && !error; i++)
		if (s->chunks[i]->header.raw_len)
			error = assign_chunk(d, s->chunks[i], at[i], &block);
	if (error)
		return error;
	block = next_small(d, block);
	if (block < d->core.blocks.nr)
		return error_create(
			"%s: section BMEM: contents of block %zu and those after it are missing",
			dump_file_path(d->file), block);
	return NULL;
}

struct error *place_payloads(struct dump *d, uint64_t *at)
{
	const struct section *s = &d->sections[SECTION_BMEM];

	if (!d->has_contents && s->raw_len)
		return dump_chunk_error(d->file, s->chunks[0],
					"contents in a dump that says it has none");
	if (!d->has_contents)
		return NULL;
	for (size_t i = 0; i < s->nr_chunks; i++) {
		const uint64_t len = s->chunks[i]->header.raw_len;

		if (len % 8)
			return dump_chunk_error(d->file, s->chunks[i],
						"%" PRIu64 " bytes are no multiple of 8", len);
		at[i + 1] = at[i] + len;
	}
	return area_reserve(d, &d->small, s->raw_len, "contents");
}

struct error *load_contents(struct dump *d)
{
	const struct section *s = &d->sections[SECTION_BMEM];
	_cleanup_free_ uint64_t *at = xcalloc(s->nr_chunks + 1, sizeof(*at));
	struct error *error = place_payloads(d, at);

	if (error || !d->has_contents)
		return error;
	area_use_huge_pages(&d->small);
	error = read_payloads(d, s, at);
	return error ? error : assign_payloads(d, s, at);
}

void contents_deinit(struct dump *d)
{
	free(d->core.place);
	free(d->core.place_base);
	free(d->large_blocks);
	free(d->extents);
	free(d->ranges.items);
	free(d->annex.items);
	area_release(&d->small);
	area_release(&d->large);
	area_release(&d->ranges.area);
	area_release(&d->annex.area);
	d->core.small = NULL;
	d->core.place = NULL;
	d->core.place_base = NULL;
	d->large_blocks = NULL;
	d->extents = NULL;
	d->nr_large_blocks = d->nr_extents = d->extents_capacity = 0;
	d->ranges = d->annex = (struct range_set){ 0 };
}
