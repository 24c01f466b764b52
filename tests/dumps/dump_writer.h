/* SPDX-License-Identifier: MIT */
/*
 * Writes the outer layer of a dump, for test programs: header, sealed chunks, END.  Not the
 * preload's writer, so that the two can be held against each other.  An error ends the program.
 */
#ifndef DUMP_WRITER_H
#define DUMP_WRITER_H

#include <stdio.h>

#include "heapcensus/dump_format.h"

struct dump_writer {
	FILE *out;
	uint64_t file_id;
	int level; /* of zstd; 0: stored as it is */
	uint64_t offset;
	uint64_t *sums; /* header checksums so far */
	size_t nr_chunks, capacity;
};

void dump_writer_begin(struct dump_writer *w, FILE *out, uint64_t file_id, int level);
void dump_writer_chunk(struct dump_writer *w, uint32_t id, uint32_t part, uint16_t flags,
		       const void *raw, size_t len);
/* Writes END and frees what the writer holds; closing the file is the caller's. */
void dump_writer_end(struct dump_writer *w);

#endif
