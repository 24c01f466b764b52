/* SPDX-License-Identifier: MIT */
/*
 * Sealing chunks: checksums, compression, padding.
 */
#include "dump_writer.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

static void put(struct dump_writer *w, const void *bytes, size_t len)
{
	if (len && fwrite(bytes, 1, len, w->out) != len)
		err(1, "write");
	w->offset += len;
}

static void put_chunk(struct dump_writer *w, struct hc_chunk_header *h, const void *stored)
{
	static const uint8_t zeroes[8];

	h->magic = HC_CHUNK_MAGIC;
	h->version = 1;
	h->payload_checksum = XXH3_64bits_withSeed(stored, h->stored_len, w->file_id);
	h->header_checksum = XXH3_64bits_withSeed(
		h, offsetof(struct hc_chunk_header, header_checksum), w->file_id + w->offset);
	if (w->nr_chunks == w->capacity) {
		w->capacity = w->capacity ? w->capacity * 2 : 64;
		w->sums = realloc(w->sums, w->capacity * sizeof(*w->sums));
		if (!w->sums)
			err(1, "realloc");
	}
	w->sums[w->nr_chunks++] = h->header_checksum;
	put(w, h, sizeof(*h));
	put(w, stored, h->stored_len);
	put(w, zeroes, -h->stored_len & 7);
}

void dump_writer_begin(struct dump_writer *w, FILE *out, uint64_t file_id, int level)
{
	struct hc_file_header h = {
		.magic = HC_MAGIC,
		.major = HC_VERSION_MAJOR,
		.minor = HC_VERSION_MINOR,
		.header_size = sizeof(h),
		.file_id = file_id,
	};

	memset(w, 0, sizeof(*w));
	w->out = out;
	w->file_id = file_id;
	w->level = level;
	h.checksum = XXH3_64bits_withSeed(&h, offsetof(struct hc_file_header, checksum), 0);
	put(w, &h, sizeof(h));
}

void dump_writer_chunk(struct dump_writer *w, uint32_t id, uint32_t part, uint16_t flags,
		       const void *raw, size_t len)
{
	struct hc_chunk_header h = {
		.id = id, .flags = flags, .part = part, .raw_len = len, .stored_len = len
	};
	const size_t room = ZSTD_compressBound(len);
	void *stored;

	if (!w->level) {
		put_chunk(w, &h, raw);
		return;
	}
	stored = malloc(room);
	if (!stored)
		err(1, "malloc");
	h.codec = HC_CODEC_ZSTD;
	h.stored_len = ZSTD_compress(stored, room, raw, len, w->level);
	if (ZSTD_isError(h.stored_len))
		errx(1, "zstd: %s", ZSTD_getErrorName(h.stored_len));
	put_chunk(w, &h, stored);
	free(stored);
}

void dump_writer_end(struct dump_writer *w)
{
	const struct hc_end end = {
		.nr_chunks = w->nr_chunks + 1,
		.file_size = w->offset + sizeof(struct hc_chunk_header) + sizeof(end),
		.chunks_checksum =
			XXH3_64bits_withSeed(w->sums, w->nr_chunks * sizeof(*w->sums), w->file_id),
	};
	struct hc_chunk_header h = {
		.id = HC_SECTION_END,
		.flags = HC_CHUNK_REQUIRED | HC_CHUNK_LAST,
		.raw_len = sizeof(end),
		.stored_len = sizeof(end),
	};

	put_chunk(w, &h, &end);
	free(w->sums);
}
