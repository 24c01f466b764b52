/* SPDX-License-Identifier: MIT */
/*
 * Chunks of include/heapcensus/dump_format.h, written one after the other to a sink.  The snapshot
 * child and tests: all memory comes from the bump allocator given, nothing is locked.
 *
 *   for each section: writer_begin, writer_take / writer_append / writer_cut in any number,
 *                     writer_end
 *   for the file:     writer_finish
 *
 * The first error stays in `error` and turns everything after it into nothing; writer_take goes on
 * giving memory, so sections need not look at every step (long loops do, to end early).
 */
#ifndef SNAP_WRITER_H
#define SNAP_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heapcensus/dump_format.h"
#include "rt/bump.h"

#define WRITER_CHUNK_RAW (4u << 20)	/* raw bytes of a chunk at most */

/* Writes all of the bytes: 0, or -errno. */
typedef int writer_sink_fn(void *arg, const void *bytes, size_t len);

/* level: 0 is whichever suits the content and the disk (snap/pace.h). */
struct writer;
struct writer *writer_create(struct bump *b, int level, uint64_t file_id, writer_sink_fn *sink,
			     void *arg);

/* 0 or the first -errno. */
int writer_error(const struct writer *w);

/* Raw bytes of the chunks that are out; the file's size so far. */
uint64_t writer_raw_bytes(const struct writer *w);
uint64_t writer_file_size(const struct writer *w);

void writer_begin(struct writer *w, enum hc_section_id id);
void writer_end(struct writer *w);

/* len (<= WRITER_CHUNK_RAW) bytes in one piece in the current chunk, uninitialised; valid until the
 * next writer_take or writer_cut. */
void *writer_take(struct writer *w, size_t len);
void writer_append(struct writer *w, const void *bytes, size_t len);

/* Bytes that the current chunk still has room for, and bytes in it. */
size_t writer_left(const struct writer *w);
size_t writer_used(const struct writer *w);

/* Ends the current chunk, if there is anything in it; the section goes on in the next. */
void writer_cut(struct writer *w);

/* The END chunk. */
void writer_finish(struct writer *w);

#endif
