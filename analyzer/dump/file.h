/* SPDX-License-Identifier: MIT */
/*
 * The outer layer of a dump: header, chunks, checksums, compression.  What is inside the chunks is
 * decoded by section_*.c; `raw` uses this layer alone, so that it can show a damaged file up to the
 * damage.
 */
#ifndef DUMP_FILE_H
#define DUMP_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "heapcensus/dump_format.h"

/* A chunk whose header has been checked: magic, checksum, lengths inside the file. */
struct dump_chunk {
	uint64_t offset; /* of the chunk header in the file */
	struct hc_chunk_header header;
};

struct dump_file;

/* Opens the file and checks its header. */
struct error *dump_file_open(const char *path, struct dump_file **ret)
	__attribute__((warn_unused_result));
void dump_file_close(struct dump_file *file);

const char *dump_file_path(const struct dump_file *file);
const struct hc_file_header *dump_file_header(const struct dump_file *file);
uint64_t dump_file_size(const struct dump_file *file);
uint64_t dump_file_written(const struct dump_file *file); /* ns since 1970 */

/* Reads and checks the chunk header at offset; the first is at header_size, the next at
 * dump_chunk_end(). */
struct error *dump_file_read_chunk(struct dump_file *file, uint64_t offset, struct dump_chunk *ret)
	__attribute__((warn_unused_result));
uint64_t dump_chunk_end(const struct dump_chunk *chunk);

/* All chunks, END included and checked against them; the caller frees the array. */
struct error *dump_file_read_chunks(struct dump_file *file, struct dump_chunk **ret, size_t *nr)
	__attribute__((warn_unused_result));

/* What decompressing needs; one per thread that reads payloads.  All zero is a fresh one. */
struct dump_buffer {
	uint8_t *stored;
	size_t capacity;
	void *zstd;
};

void dump_buffer_deinit(struct dump_buffer *buffer);

/* Reads, checks and decompresses a payload into out, which has room for header.raw_len bytes. */
struct error *dump_file_read_payload(const struct dump_file *file, struct dump_buffer *buffer,
				     const struct dump_chunk *chunk, uint8_t *out)
	__attribute__((warn_unused_result));

/* The END payload against the chunks before it. */
struct error *dump_file_check_end(const struct dump_file *file, const struct dump_chunk *chunks,
				  size_t nr) __attribute__((warn_unused_result));

/* "FILE: offset 0x..: ...".  The second one adds "section STAK part 0: ". */
struct error *dump_file_error(const struct dump_file *file, uint64_t offset, const char *format,
			      ...) __attribute__((format(printf, 3, 4), warn_unused_result));
struct error *dump_chunk_error(const struct dump_file *file, const struct dump_chunk *chunk,
			       const char *format, ...)
	__attribute__((format(printf, 3, 4), warn_unused_result));

/* What HC_SECTIONS says of one section. */
struct dump_section_info {
	uint32_t id;
	const char *name; /* "BLKS" */
	int required;
	const char *summary;
};

/* NULL: not known to this version. */
const struct dump_section_info *dump_find_section(uint32_t id);
/* All of them in the table's order; ends with a row without a name. */
extern const struct dump_section_info dump_sections[];
/* "BLKS", or an unknown id with anything unprintable replaced; in the caller's buffer. */
const char *dump_section_name(uint32_t id, char buffer[5]);

#endif
