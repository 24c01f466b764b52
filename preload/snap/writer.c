/* SPDX-License-Identifier: MIT */
/*
 * Chunk framing, compression and checksums of a dump.  The snapshot child and tests: bump memory,
 * no libc beyond memcpy. A full chunk is written only when more bytes come, since the last chunk of
 * a section is marked.
 */
#include "snap/writer.h"

#include <errno.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "rt/clock.h"
#include "rt/zstd.h"
#include "snap/pace.h"
#include "rt/ban.h"

#define WRITER_HEAD sizeof(struct hc_chunk_header)

struct writer {
	writer_sink_fn *sink;
	void *arg;
	ZSTD_CCtx *compressor;	/* NULL: chunks are stored as they are */
	int level;		/* of the next chunk */
	bool paced;		/* it changes */
	struct pace pace;
	uint64_t cpu_ns;	/* of this thread, when the last chunk was out */
	int error;
	uint64_t file_id;
	uint64_t offset;	/* of the next chunk header */
	uint64_t nr_chunks;
	uint64_t raw_bytes;
	XXH3_state_t *chunks;	/* over the header checksums */
	struct hc_chunk_header head;	/* of the current section: id, flags, part */
	uint8_t *raw; /* each buffer: WRITER_HEAD, the payload, 8 spare bytes of padding */
	size_t raw_len;
	uint8_t *packed;
	size_t packed_max;
};

static void *writer_alloc(struct bump *b, size_t size)
{
	uint8_t *const p = bump_alloc(b, size + 64);

	return p ? p + (-(uintptr_t)p & 63) : NULL;
}

static void writer_add_compressor(struct writer *w, struct bump *b)
{
	const size_t size = ZSTD_estimateCCtxSize(w->paced ? PACE_LEVEL_MAX : w->level);
	void *const space = ZSTD_isError(size) ? NULL : writer_alloc(b, size);

	w->packed_max = ZSTD_compressBound(WRITER_CHUNK_RAW);
	w->packed = writer_alloc(b, WRITER_HEAD + w->packed_max + 8);
	if (space && w->packed)
		w->compressor = ZSTD_initStaticCCtx(space, size);
}

static void writer_put(struct writer *w, const void *bytes, size_t len)
{
	if (w->error)
		return;
	w->error = w->sink(w->arg, bytes, len);
	w->offset += len;
}

static void writer_put_file_header(struct writer *w)
{
	struct hc_file_header h = {
		.magic = HC_MAGIC,
		.major = HC_VERSION_MAJOR,
		.minor = HC_VERSION_MINOR,
		.header_size = sizeof(h),
		.file_id = w->file_id,
	};

	h.checksum = XXH3_64bits(&h, offsetof(struct hc_file_header, checksum));
	writer_put(w, &h, sizeof(h));
}

struct writer *writer_create(struct bump *b, int level, uint64_t file_id, writer_sink_fn *sink,
			     void *arg)
{
	struct writer *const w = writer_alloc(b, sizeof(*w));

	if (!w)
		return NULL;
	w->sink = sink;
	w->arg = arg;
	w->paced = !level;
	w->level = level ? level : pace_init(&w->pace);
	w->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	w->file_id = file_id;
	w->raw = writer_alloc(b, WRITER_HEAD + WRITER_CHUNK_RAW + 8);
	w->chunks = writer_alloc(b, sizeof(*w->chunks));
	if (!w->raw || !w->chunks)
		return NULL;
	writer_add_compressor(w, b);
	XXH3_64bits_reset_withSeed(w->chunks, file_id);
	writer_put_file_header(w);
	return w;
}

int writer_error(const struct writer *w) { return w->error; }
uint64_t writer_raw_bytes(const struct writer *w) { return w->raw_bytes; }
uint64_t writer_file_size(const struct writer *w) { return w->offset; }
size_t writer_left(const struct writer *w) { return WRITER_CHUNK_RAW - w->raw_len; }
size_t writer_used(const struct writer *w) { return w->raw_len; }

/* The payload in its buffer, WRITER_HEAD bytes after the start: compressed, or as it stands where
 * that is no shorter. */
static uint8_t *writer_pack(struct writer *w, struct hc_chunk_header *h)
{
	size_t len;

	h->codec = HC_CODEC_NONE;
	h->raw_len = h->stored_len = w->raw_len;
	if (!w->compressor || !w->raw_len)
		return w->raw;
	len = ZSTD_compressCCtx(w->compressor, w->packed + WRITER_HEAD, w->packed_max,
				w->raw + WRITER_HEAD, w->raw_len, w->level);
	if (ZSTD_isError(len) || len >= w->raw_len)
		return w->raw;
	h->codec = HC_CODEC_ZSTD;
	h->stored_len = len;
	return w->packed;
}

/* The compressed payload's buffer, and what it took. */
static uint8_t *writer_pack_timed(struct writer *w, struct pace_cost *cost)
{
	const uint64_t start = clock_monotonic_ns(), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	uint8_t *const buffer = writer_pack(w, &w->head);

	*cost = (struct pace_cost){
		.raw = w->raw_len,
		.stored = w->head.stored_len,
		.pack_cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu,
		.compress_ns = clock_monotonic_ns() - start,
	};
	return buffer;
}

static void writer_set_level(struct writer *w, struct pace_cost *cost, uint64_t packed_ns)
{
	const uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	cost->write_ns = clock_monotonic_ns() - packed_ns;
	cost->cpu_ns = cpu - w->cpu_ns;
	w->cpu_ns = cpu;
	if (w->paced)
		w->level = pace_note(&w->pace, cost);
}

static void writer_flush(struct writer *w, uint16_t flags)
{
	struct hc_chunk_header *const h = &w->head;
	struct pace_cost cost;
	uint64_t packed_ns;
	size_t padding;
	uint8_t *buffer;

	if (w->error)
		goto out;
	buffer = writer_pack_timed(w, &cost);
	packed_ns = clock_monotonic_ns();
	h->flags = (h->flags & HC_CHUNK_REQUIRED) | flags;
	h->payload_checksum =
		XXH3_64bits_withSeed(buffer + WRITER_HEAD, h->stored_len, w->file_id);
	h->header_checksum = XXH3_64bits_withSeed(
		h, offsetof(struct hc_chunk_header, header_checksum), w->file_id + w->offset);
	memcpy(buffer, h, sizeof(*h));
	padding = -h->stored_len & 7;
	memset(buffer + WRITER_HEAD + h->stored_len, 0, padding);
	if (h->id != HC_SECTION_END)
		XXH3_64bits_update(w->chunks, &h->header_checksum, sizeof(h->header_checksum));
	writer_put(w, buffer, WRITER_HEAD + h->stored_len + padding);
	w->nr_chunks++;
	w->raw_bytes += w->raw_len;
	writer_set_level(w, &cost, packed_ns);
out:
	h->part++;
	w->raw_len = 0;
}

static bool section_is_required(enum hc_section_id id)
{
	switch (id) {
#define WRITER_REQUIRED(a, b, c, d, name, required, summary) \
	case HC_SECTION_##name: \
		return required;
		HC_SECTIONS(WRITER_REQUIRED)
#undef WRITER_REQUIRED
	}
	return false;
}

void writer_begin(struct writer *w, enum hc_section_id id)
{
	w->head = (struct hc_chunk_header){
		.magic = HC_CHUNK_MAGIC,
		.id = id,
		.version = 1,
		.flags = section_is_required(id) ? HC_CHUNK_REQUIRED : 0,
	};
	w->raw_len = 0;
}

void writer_end(struct writer *w) { writer_flush(w, HC_CHUNK_LAST); }

void writer_cut(struct writer *w)
{
	if (w->raw_len)
		writer_flush(w, 0);
}

void *writer_take(struct writer *w, size_t len)
{
	void *place;

	if (len > writer_left(w))
		writer_cut(w);
	place = w->raw + WRITER_HEAD + w->raw_len;
	w->raw_len += len;
	return place;
}

void writer_append(struct writer *w, const void *bytes, size_t len)
{
	memcpy(writer_take(w, len), bytes, len);
}

void writer_finish(struct writer *w)
{
	const struct hc_end end = {
		.nr_chunks = w->nr_chunks + 1,
		.file_size = w->offset + WRITER_HEAD + sizeof(end),
		.chunks_checksum = XXH3_64bits_digest(w->chunks),
	};

	writer_begin(w, HC_SECTION_END);
	writer_append(w, &end, sizeof(end));
	/* Stored, never compressed: its place and size are known beforehand. */
	w->compressor = NULL;
	writer_end(w);
}
