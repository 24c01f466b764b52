/* SPDX-License-Identifier: MIT */
/*
 * Inside of struct dump, and the decoders of its sections.  Only analyzer/dump includes this.
 *
 * Every decoder takes a dump whose earlier sections (in the order of HC_SECTIONS) are complete, and
 * leaves its own arrays complete or returns an error; dump_close frees whatever is there.
 */
#ifndef DUMP_INTERNAL_H
#define DUMP_INTERNAL_H

#include "dump/dump.h"
#include "dump/file.h"

#define NO_BLOCK UINT32_MAX

#define BLOCK_MIN_BYTES 26 /* of one block in the columns of BLKS */

/* Chunks of one section, in order of their parts. */
struct section {
	const struct dump_section_info *info;
	const struct dump_chunk **chunks;
	size_t nr_chunks;
	uint64_t raw_len; /* sum over the chunks */
};

#define SECTION_INDEX(a, b, c, d, name, required, summary) SECTION_##name,
enum section_index { HC_SECTIONS(SECTION_INDEX) NR_SECTIONS };
#undef SECTION_INDEX

/* Address space that costs memory only where it is written. */
struct area {
	uint8_t *bytes;
	size_t size;
};

struct array {
	void *items;
	size_t nr; /* the dummy at 0 included, where there is one */
};

/* A piece of a large block that some range covers. */
struct extent {
	uint64_t start, end;
};

/* A block of HC_LARGE_BLOCK or more that has contents of its own. */
struct large_block {
	uint32_t block;
	uint64_t offset; /* in the large area */
};

/* Ranges in an area, ascending. */
struct range_set {
	struct dump_range *items;
	size_t nr, capacity;
	struct area area;
	size_t used;
};

struct late; /* late.c */

struct dump {
	struct dump_core core; /* first, as dump_core says */
	struct dump_file *file;
	struct progress progress;
	uint64_t work_done, work_total; /* raw bytes, for the progress */
	struct dump_buffer buffer;

	struct dump_chunk *chunks;
	size_t nr_chunks;
	struct section sections[NR_SECTIONS];

	struct dump_kvs proc, counts, alloc;
	uint64_t tick_ns, start_ns, end_ns; /* of PROC, monotonic */
	bool has_contents;
	struct dump_string *strings; /* [nr_strings], [0] is "" */
	size_t nr_strings;
	char *string_bytes;
	struct array arrays[NR_SECTIONS]; /* of the sections that are arrays */
	uint32_t *threads_by_slot;	  /* THRD indices by (slot, first_tick) */
	uint32_t *modules_by_start;	  /* MODS indices */

	struct area block_areas[10];
	bool has_blocks;   /* all but contents has been read */
	struct late *late; /* contents are read when they are asked for; NULL: all are there */
	struct area small; /* BMEM payloads one after another, headers included */
	struct area large;
	struct large_block *large_blocks; /* ascending */
	size_t nr_large_blocks;
	struct extent *extents; /* ascending, not touching */
	size_t nr_extents, extents_capacity;
	struct range_set ranges, annex;
};

_Static_assert(offsetof(struct dump, core) == 0, "a dump begins with its core");

/* Fails with an error that names the file and what it was for.  There is some memory even where
 * size is 0. */
struct error *area_reserve(const struct dump *d, struct area *area, uint64_t size, const char *what)
	__attribute__((warn_unused_result));
/* For areas that will be written from end to end: a sixth of the time to open a big dump is page
 * faults. */
void area_use_huge_pages(struct area *area);
void area_release(struct area *area);

/* Sorts d->chunks into d->sections: parts in order, the last one marked, required sections there.
 */
struct error *collect_sections(struct dump *d) __attribute__((warn_unused_result));
/* Reads payload i of a section into out. */
struct error *section_read(struct dump *d, const struct section *s, size_t i, uint8_t *out)
	__attribute__((warn_unused_result));
/* Room for the largest payload of a section; the caller frees it. */
uint8_t *section_create_scratch(const struct section *s);
/* All payloads, one after another; the caller frees them. */
struct error *section_read_all(struct dump *d, const struct section *s, uint8_t **ret)
	__attribute__((warn_unused_result));
/* The chunk in which byte `at` of the joined payloads lies. */
const struct dump_chunk *section_find_chunk(const struct section *s, uint64_t at);
bool is_zero(const uint8_t *bytes, size_t len);

struct error *load_proc(struct dump *d) __attribute__((warn_unused_result));
struct error *load_kvs(struct dump *d, enum section_index i, struct dump_kvs *kvs)
	__attribute__((warn_unused_result));
void kvs_deinit(struct dump_kvs *kvs);
struct error *load_strings(struct dump *d) __attribute__((warn_unused_result));
/* All but MODS and SEGS, which come before, and LABL and RELN, which come after blocks. */
struct error *load_arrays(struct dump *d) __attribute__((warn_unused_result));
struct error *load_array(struct dump *d, enum section_index i) __attribute__((warn_unused_result));
struct error *load_threads_index(struct dump *d) __attribute__((warn_unused_result));
void load_modules_index(struct dump *d);
struct error *load_blocks(struct dump *d) __attribute__((warn_unused_result));
/* Columns of that many blocks, in new areas. */
struct error *reserve_columns(struct dump *d, size_t capacity) __attribute__((warn_unused_result));
/* Room for the places of the core's blocks. */
void make_places(struct dump *d);
/* The bytes of a small block are at `at` of the area of those; in ascending order of blocks. */
void set_place(struct dump *d, size_t block, uint64_t at);
struct error *load_contents(struct dump *d) __attribute__((warn_unused_result));
/* Room for all payloads, and where each is in it, [nr_chunks + 1]. */
struct error *place_payloads(struct dump *d, uint64_t *at) __attribute__((warn_unused_result));
/* Has block i contents in BMEM? */
bool is_small(const struct dump *d, size_t i);
/* Neither contents nor ranges are there any more. */
void contents_deinit(struct dump *d);
/* Contents and ranges will be read when they are asked for. */
struct error *late_create(struct dump *d) __attribute__((warn_unused_result));
void late_destroy(struct dump *d);
/* The bytes of a small block with contents of its own; NULL: they cannot be had. */
const uint8_t *late_read_block(const struct dump *d, uint32_t block);
bool late_read_ranges(const struct dump *d); /* False: they cannot be had. */
struct error *load_ranges(struct dump *d) __attribute__((warn_unused_result));

/* The block that holds the bytes of block i: itself or the outermost one around it that is no
 * arena; NO_BLOCK for arenas. */
static inline uint32_t block_owner(const struct dump *d, size_t i)
{
	const struct dump_blocks *b = &d->core.blocks;
	uint32_t owner = b->kind[i] == HC_KIND_ARENA ? NO_BLOCK : (uint32_t)i;

	for (uint32_t p = b->parent[i]; p != NO_BLOCK; p = b->parent[p])
		if (b->kind[p] != HC_KIND_ARENA)
			owner = p;
	return owner;
}
/* Index in large_blocks of a block, or SIZE_MAX. */
size_t find_large(const struct dump *d, uint32_t block);

/* Makes the index of the core's blocks. */
void block_index_create(struct dump_core *c);
void block_index_destroy(struct dump_core *c);
/* The last block that starts at or before addr, NO_BLOCK: none. */
uint32_t block_index_find(const struct dump *d, uint64_t addr);

#endif
