/* SPDX-License-Identifier: MIT */
/*
 * Contents that are read when they are asked for.  Where each block's bytes will be is known from
 * the sizes of blocks and payloads alone; a payload is read and checked before the first of its
 * blocks is looked at, ranges all at once.  What turns out to be damaged is missing from then on:
 * whoever reads the dump whole is told where.  One thread.
 */
#include <string.h>

#include "base/mem.h"
#include "dump/file.h"
#include "dump/internal.h"

struct late {
	struct dump *d;
	uint64_t *at;  /* [nr_chunks + 1] where in the area the payloads are */
	bool *is_read; /* [nr_chunks] */
	bool has_ranges;
	bool has_failed;
};

static uint64_t room_of(const struct dump *d, size_t block)
{
	return (d->core.blocks.size[block] + 7) & ~7ull;
}

/* False: what the payloads hold are not the contents of these blocks. */
static bool place_blocks(struct late *l)
{
	struct dump *d = l->d;
	const struct section *s = &d->sections[SECTION_BMEM];
	uint64_t at = 0, end = 0;
	size_t chunk = 0;

	for (size_t i = 0; i < d->core.blocks.nr; i++) {
		const uint64_t room = is_small(d, i) ? room_of(d, i) : 0;

		for (; room && at == end && chunk < s->nr_chunks; chunk++) {
			if (!s->chunks[chunk]->header.raw_len)
				continue;
			at = l->at[chunk] + sizeof(struct hc_bmem_header);
			end = l->at[chunk + 1];
			if (at > end)
				return false;
		}
		if (room > end - at)
			return false;
		if (room)
			set_place(d, i, at);
		at += room;
	}
	return true;
}

struct error *late_create(struct dump *d)
{
	const size_t nr = d->sections[SECTION_BMEM].nr_chunks;
	struct late *l = xcalloc(1, sizeof(*l));
	struct error *error;

	l->d = d;
	l->at = xcalloc(nr + 1, sizeof(*l->at));
	l->is_read = xcalloc(nr + 1, sizeof(*l->is_read));
	d->late = l;
	make_places(d);
	error = place_payloads(d, l->at);
	l->has_failed = !error && d->has_contents && !place_blocks(l);
	return error;
}

void late_destroy(struct dump *d)
{
	if (!d->late)
		return;
	free(d->late->at);
	free(d->late->is_read);
	free(d->late);
	d->late = NULL;
	contents_deinit(d);
}

static bool succeed(struct late *l, struct error *error)
{
	l->has_failed |= error != NULL;
	error_destroy(error);
	return !error;
}

/* Does the payload say that it has the contents of just the blocks that were placed in it? */
static bool is_as_placed(const struct late *l, size_t chunk)
{
	const struct dump *d = l->d;
	uint64_t at = l->at[chunk] + sizeof(struct hc_bmem_header);
	struct hc_bmem_header head;

	memcpy(&head, d->small.bytes + l->at[chunk], sizeof(head));
	for (uint64_t i = head.first_block, nr = 0; nr < head.nr_blocks; i++) {
		if (i >= d->core.blocks.nr || at > l->at[chunk + 1])
			return false;
		if (!is_small(d, i))
			continue;
		if (room_of(d, i) && dump_place_offset(&d->core, i) != at)
			return false;
		at += room_of(d, i);
		nr++;
	}
	return at == l->at[chunk + 1];
}

/* The payload in which that place is. */
static size_t find_chunk(const struct late *l, uint64_t place)
{
	size_t low = 0, high = l->d->sections[SECTION_BMEM].nr_chunks;

	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;

		if (l->at[middle] <= place)
			low = middle;
		else
			high = middle;
	}
	return low;
}

const uint8_t *late_read_block(const struct dump *d, uint32_t block)
{
	struct late *l = d->late;
	const uint64_t place = dump_place_offset(&d->core, block);
	const size_t chunk = find_chunk(l, place);

	if (l->has_failed)
		return NULL;
	if (!room_of(d, block))
		return d->small.bytes;
	if (!l->is_read[chunk] &&
	    succeed(l, dump_file_read_payload(d->file, &l->d->buffer,
					      d->sections[SECTION_BMEM].chunks[chunk],
					      d->small.bytes + l->at[chunk])))
		l->has_failed = !is_as_placed(l, chunk);
	l->is_read[chunk] = true;
	return l->has_failed ? NULL : d->small.bytes + place;
}

bool late_read_ranges(const struct dump *d)
{
	struct late *l = d->late;

	if (!l->has_ranges && !l->has_failed)
		l->has_ranges = succeed(l, load_ranges(l->d));
	return l->has_ranges && !l->has_failed;
}

bool dump_is_lacking(const struct dump *d)
{
	return d->late && d->late->has_failed;
}
