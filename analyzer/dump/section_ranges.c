/* SPDX-License-Identifier: MIT */
/*
 * RMEM and ANEX: contents of address ranges.  Pieces of large blocks are put together in an area
 * that has the blocks' full sizes, but costs memory only where there is something; all other ranges
 * are kept as they are, touching ones of one kind joined.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "dump/decode.h"
#include "dump/internal.h"

#define PAGE	       4096u
#define LARGE_AREA_MAX (1ull << 46)

size_t find_large(const struct dump *d, uint32_t block)
{
	size_t low = 0, high = d->nr_large_blocks;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (d->large_blocks[middle].block < block)
			low = middle + 1;
		else
			high = middle;
	}
	return low < d->nr_large_blocks && d->large_blocks[low].block == block ? low : SIZE_MAX;
}

static struct error *reserve_large(struct dump *d)
{
	size_t capacity = 0;
	uint64_t size = 0;

	for (size_t i = 0; i < d->core.blocks.nr; i++) {
		if (d->core.blocks.size[i] < HC_LARGE_BLOCK || block_owner(d, i) != i)
			continue;
		d->large_blocks = array_grow(d->large_blocks, d->nr_large_blocks, &capacity,
					     sizeof(*d->large_blocks));
		d->large_blocks[d->nr_large_blocks++] = (struct large_block){ (uint32_t)i, size };
		size += (d->core.blocks.size[i] + PAGE - 1) & ~(uint64_t)(PAGE - 1);
		if (size > LARGE_AREA_MAX)
			return error_create("%s: blocks of more than %llu TB in all",
					    dump_file_path(d->file), LARGE_AREA_MAX >> 40);
	}
	return area_reserve(d, &d->large, size, "contents of large blocks");
}

/* Pages of zeroes are left as they are, so that they cost nothing. */
static void copy_sparse(uint8_t *out, const uint8_t *bytes, size_t len)
{
	while (len) {
		const size_t n = len < PAGE ? len : PAGE;

		if (!is_zero(bytes, n))
			memcpy(out, bytes, n);
		out += n;
		bytes += n;
		len -= n;
	}
}

static void add_extent(struct dump *d, uint64_t start, uint64_t end)
{
	if (d->nr_extents && d->extents[d->nr_extents - 1].end == start) {
		d->extents[d->nr_extents - 1].end = end;
		return;
	}
	d->extents =
		array_grow(d->extents, d->nr_extents, &d->extents_capacity, sizeof(*d->extents));
	d->extents[d->nr_extents++] = (struct extent){ start, end };
}

static const char *add_block_range(struct dump *d, const struct hc_range *range,
				   const uint8_t *bytes)
{
	uint32_t block = block_index_find(d, range->addr);
	uint64_t start;
	size_t large;

	/* The large block is an ancestor of the last one that starts before the range. */
	while (block != NO_BLOCK &&
	       (block_owner(d, block) != block ||
		d->core.blocks.addr[block] + d->core.blocks.size[block] <= range->addr))
		block = d->core.blocks.parent[block];
	large = block == NO_BLOCK ? SIZE_MAX : find_large(d, block);
	if (large == SIZE_MAX)
		return "lies in no large block";
	start = range->addr - d->core.blocks.addr[block];
	if (range->len > d->core.blocks.size[block] - start)
		return "goes beyond the end of its block";
	copy_sparse(d->large.bytes + d->large_blocks[large].offset + start, bytes, range->len);
	add_extent(d, range->addr, range->addr + range->len);
	return NULL;
}

static void add_range(struct range_set *set, const struct hc_range *range, const uint8_t *bytes)
{
	struct dump_range *last = set->nr ? &set->items[set->nr - 1] : NULL;

	memcpy(set->area.bytes + set->used, bytes, range->len);
	if (last && last->addr + last->len == range->addr && !(last->len % 8) &&
	    (uint32_t)last->kind == range->kind && last->tid == range->tid) {
		last->len += range->len;
	} else {
		set->items = array_grow(set->items, set->nr, &set->capacity, sizeof(*set->items));
		set->items[set->nr++] = (struct dump_range){
			.addr = range->addr,
			.len = range->len,
			.kind = range->kind,
			.tid = range->tid,
			.bytes = set->area.bytes + set->used,
		};
	}
	set->used += (range->len + 7) & ~7ull;
}

/* One pass over one section. */
struct range_reader {
	struct dump *d;
	struct range_set *set;
	bool annex;
	uint64_t end; /* of the range before */
};

static const char *take_range(struct range_reader *r, const struct hc_range *range,
			      const uint8_t *bytes)
{
	if (range->addr >= DUMP_ADDRESS_MAX || range->len > DUMP_ADDRESS_MAX - range->addr)
		return "beyond the address space";
	if (range->addr < r->end)
		return "overlaps the range before it";
	r->end = range->addr + range->len;
	if (range->kind > (r->annex ? 0 : HC_RANGE_OTHER))
		return "unknown kind";
	if (!r->annex && range->kind == HC_RANGE_BLOCK)
		return r->d->has_contents ? add_block_range(r->d, range, bytes)
					  : "contents in a dump that says it has none";
	add_range(r->set, range, bytes);
	return NULL;
}

static struct error *parse_ranges(struct range_reader *r, const struct dump_chunk *chunk,
				  const uint8_t *raw)
{
	size_t at = 0;

	while (at < chunk->header.raw_len) {
		struct range_record record;
		struct error *error = decode_range(r->d->file, chunk, raw, &at, &record);
		const char *fault = error ? NULL : take_range(r, &record.head, record.bytes);

		if (fault)
			error = dump_chunk_error(r->d->file, chunk,
						 "range at 0x%" PRIx64 ", %" PRIu64 " bytes: %s",
						 record.head.addr, record.head.len, fault);
		if (error)
			return error;
	}
	return NULL;
}

static struct error *load_range_section(struct dump *d, enum section_index i, struct range_set *set)
{
	struct range_reader r = { .d = d, .set = set, .annex = i == SECTION_ANEX };
	const struct section *s = &d->sections[i];
	_cleanup_free_ uint8_t *raw = section_create_scratch(s);
	struct error *error = area_reserve(d, &set->area, s->raw_len, "ranges");

	for (size_t k = 0; k < s->nr_chunks && !error; k++) {
		error = section_read(d, s, k, raw);
		if (!error)
			error = parse_ranges(&r, s->chunks[k], raw);
	}
	return error;
}

struct error *load_ranges(struct dump *d)
{
	struct error *error = d->has_contents ? reserve_large(d) : NULL;

	if (!error)
		error = load_range_section(d, SECTION_RMEM, &d->ranges);
	if (!error)
		error = load_range_section(d, SECTION_ANEX, &d->annex);
	return error;
}

const struct dump_range *dump_ranges(const struct dump *d, size_t *nr)
{
	if (d->late)
		late_read_ranges(d);
	*nr = d->ranges.nr;
	return d->ranges.items;
}
