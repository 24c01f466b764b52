/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing a dump: sections are decoded in an order in which every one finds those that
 * it names.
 */
#include "dump/dump.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "dump/file.h"
#include "dump/internal.h"

/* Decoded and indexed, a block takes about three times what it has in the columns of BLKS. */
#define BLOCKS_FACTOR 3

/* A few hundred bytes of file can say that they are gigabytes: what is decoded must fit into this
 * machine. */
static struct error *check_memory(const struct dump *d)
{
	const long pages = sysconf(_SC_PHYS_PAGES), page_size = sysconf(_SC_PAGESIZE);
	const uint64_t memory =
		pages > 0 && page_size > 0 ? (uint64_t)pages * (uint64_t)page_size : UINT64_MAX;
	const uint64_t needed =
		d->work_total + d->sections[SECTION_BLKS].raw_len * (BLOCKS_FACTOR - 1);

	if (needed > memory)
		return error_create("%s: needs %" PRIu64
				    " MB of memory, and this machine has %" PRIu64,
				    dump_file_path(d->file), needed >> 20, memory >> 20);
	return NULL;
}

static struct error *load_head(struct dump *d)
{
	struct error *error = dump_file_read_chunks(d->file, &d->chunks, &d->nr_chunks);

	if (!error)
		error = collect_sections(d);
	if (!error)
		error = check_memory(d);
	if (!error)
		error = load_proc(d);
	if (!error)
		error = load_kvs(d, SECTION_CNTR, &d->counts);
	if (!error)
		error = load_kvs(d, SECTION_ALLC, &d->alloc);
	if (!error)
		error = load_strings(d);
	if (!error)
		error = load_array(d, SECTION_MODS);
	if (!error)
		error = load_array(d, SECTION_SEGS);
	return error;
}

/* All but contents. */
static struct error *load_body(struct dump *d)
{
	struct error *error = load_arrays(d);

	if (!error)
		error = load_threads_index(d);
	progress_pass(&d->progress, "dump tables");
	if (!error)
		error = load_blocks(d);
	progress_pass(&d->progress, "blocks");
	if (!error)
		error = load_array(d, SECTION_LABL);
	if (!error)
		error = load_array(d, SECTION_RELN);
	if (!error)
		load_modules_index(d);
	d->has_blocks = !error;
	return error;
}

struct error *dump_read_blocks(struct dump *d)
{
	struct error *error = load_body(d);

	return error ? error : late_create(d);
}

struct error *dump_read_body(struct dump *d)
{
	struct error *error = d->has_blocks ? NULL : load_body(d);

	late_destroy(d);
	if (!error)
		error = load_contents(d);
	progress_pass(&d->progress, "contents");
	if (!error)
		error = load_ranges(d);
	if (error)
		return error;
	progress_step(&d->progress, "reading the dump", d->work_total, d->work_total);
	progress_pass(&d->progress, "ranges");
	return NULL;
}

struct error *dump_open_head(const char *path, const struct progress *progress, struct dump **ret)
{
	struct dump *d = xcalloc(1, sizeof(*d));
	struct error *error;

	if (progress)
		d->progress = *progress;
	error = dump_file_open(path, &d->file);
	if (!error)
		error = load_head(d);
	if (error) {
		dump_close(d);
		return error;
	}
	*ret = d;
	return NULL;
}

struct error *dump_open(const char *path, const struct progress *progress, struct dump **ret)
{
	struct dump *d;
	struct error *error = dump_open_head(path, progress, &d);

	if (error)
		return error;
	error = dump_read_body(d);
	if (error)
		dump_close(d);
	else
		*ret = d;
	return error;
}

void dump_close(struct dump *d)
{
	if (!d)
		return;
	late_destroy(d);
	contents_deinit(d);
	block_index_destroy(&d->core);
	kvs_deinit(&d->proc);
	kvs_deinit(&d->counts);
	kvs_deinit(&d->alloc);
	free(d->strings);
	free(d->string_bytes);
	for (size_t i = 0; i < NR_SECTIONS; i++) {
		free(d->arrays[i].items);
		free(d->sections[i].chunks);
	}
	free(d->threads_by_slot);
	free(d->modules_by_start);
	for (size_t i = 0; i < ARRAY_SIZE(d->block_areas); i++)
		area_release(&d->block_areas[i]);
	free(d->chunks);
	dump_buffer_deinit(&d->buffer);
	dump_file_close(d->file);
	free(d);
}

const char *dump_path(const struct dump *d)
{
	return dump_file_path(d->file);
}

const struct hc_file_header *dump_header(const struct dump *d)
{
	return dump_file_header(d->file);
}

uint64_t dump_file_bytes(const struct dump *d)
{
	return dump_file_size(d->file);
}

uint64_t dump_checksum(const struct dump *d)
{
	return d->chunks[d->nr_chunks - 1].header.payload_checksum; /* of END, which is over all */
}

uint64_t dump_file_time(const struct dump *d)
{
	return dump_file_written(d->file);
}

uint64_t dump_blocks_most(const struct dump *d)
{
	return d->sections[SECTION_BLKS].raw_len / BLOCK_MIN_BYTES;
}

const struct dump_kvs *dump_proc(const struct dump *d)
{
	return &d->proc;
}

const struct dump_kvs *dump_counts(const struct dump *d)
{
	return &d->counts;
}

const struct dump_kvs *dump_alloc(const struct dump *d)
{
	return &d->alloc;
}
