/* SPDX-License-Identifier: MIT */
/*
 * Opening a dump file and walking its chunks.  Nothing that the file says is used before it has
 * been checked; every check says where it failed.
 */
#include "dump/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

#include "base/mem.h"

struct dump_file {
	char *path;
	int fd;
	uint64_t size, written;
	struct hc_file_header header;
};

const struct dump_section_info dump_sections[] = {
#define SECTION_ROW(a, b, c, d, name, required, summary) \
	{ HC_ID(a, b, c, d), #name, required, summary },
	HC_SECTIONS(SECTION_ROW)
#undef SECTION_ROW
		{ 0 },
};

const struct dump_section_info *dump_find_section(uint32_t id)
{
	for (const struct dump_section_info *s = dump_sections; s->name; s++)
		if (s->id == id)
			return s;
	return NULL;
}

const char *dump_section_name(uint32_t id, char buffer[5])
{
	const struct dump_section_info *known = dump_find_section(id);

	if (known)
		return known->name;
	for (int i = 0; i < 4; i++) {
		const char c = (char)(id >> (8 * i));

		buffer[i] = c > ' ' && c <= '~' ? c : '?';
	}
	buffer[4] = '\0';
	return buffer;
}

struct error *dump_file_error(const struct dump_file *file, uint64_t offset, const char *format,
			      ...)
{
	struct error *error;
	va_list args;
	char *what;

	va_start(args, format);
	if (vasprintf(&what, format, args) < 0)
		mem_exhausted();
	va_end(args);
	error = error_create("%s: offset 0x%" PRIx64 ": %s", file->path, offset, what);
	free(what);
	return error;
}

struct error *dump_chunk_error(const struct dump_file *file, const struct dump_chunk *chunk,
			       const char *format, ...)
{
	struct error *error;
	va_list args;
	char *what, name[5];

	va_start(args, format);
	if (vasprintf(&what, format, args) < 0)
		mem_exhausted();
	va_end(args);
	error = dump_file_error(file, chunk->offset, "section %s part %u: %s",
				dump_section_name(chunk->header.id, name), chunk->header.part,
				what);
	free(what);
	return error;
}

/* Exactly len bytes at offset. */
static struct error *read_at(const struct dump_file *file, uint64_t offset, void *out, size_t len)
{
	for (size_t done = 0; done < len;) {
		const ssize_t n =
			pread(file->fd, (uint8_t *)out + done, len - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_create_errno(errno, "%s", file->path);
		if (!n)
			return dump_file_error(file, offset + done,
					       "the file got shorter while it was read");
		done += (size_t)n;
	}
	return NULL;
}

static struct error *check_header(struct dump_file *file)
{
	static const uint8_t no_bytes[sizeof(file->header.reserved)];
	const struct hc_file_header *h = &file->header;
	struct error *error;

	if (file->size < sizeof(*h)) {
		error = read_at(file, 0, &file->header, file->size);
		if (error)
			return error;
		if (file->size >= sizeof(h->magic) && memcmp(h->magic, HC_MAGIC, sizeof(h->magic)))
			return dump_file_error(file, 0, "not a heapcensus dump");
		return dump_file_error(
			file, file->size,
			"the file ends in the middle of its header: the dump was not finished");
	}
	error = read_at(file, 0, &file->header, sizeof(*h));
	if (error)
		return error;
	if (memcmp(h->magic, HC_MAGIC, sizeof(h->magic)))
		return dump_file_error(file, 0, "not a heapcensus dump");
	if (h->checksum != XXH3_64bits_withSeed(h, offsetof(struct hc_file_header, checksum), 0))
		return dump_file_error(file, 0, "the file header is damaged (checksum)");
	if (h->major != HC_VERSION_MAJOR)
		return dump_file_error(file, 8,
				       "format version %u.%u; this heapcensus reads %d.x: use the "
				       "one that made it",
				       h->major, h->minor, HC_VERSION_MAJOR);
	if (h->header_size != sizeof(*h))
		return dump_file_error(file, 12, "header size %u, not %zu", h->header_size,
				       sizeof(*h));
	if (memcmp(h->reserved, no_bytes, sizeof(no_bytes)))
		return dump_file_error(file, offsetof(struct hc_file_header, reserved),
				       "reserved bytes are not 0");
	if (h->flags)
		return dump_file_error(file, 16, "unknown flags 0x%" PRIx64, h->flags);
	return NULL;
}

struct error *dump_file_open(const char *path, struct dump_file **ret)
{
	struct dump_file *file = xcalloc(1, sizeof(*file));
	struct error *error = NULL;
	struct stat st;

	file->path = xstrdup(path);
	file->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (file->fd < 0 || fstat(file->fd, &st) < 0) {
		error = error_create_errno(errno, "%s", path);
	} else if (!S_ISREG(st.st_mode)) {
		error = error_create("%s: not a regular file", path);
	} else {
		file->size = (uint64_t)st.st_size;
		file->written = (uint64_t)st.st_mtim.tv_sec * 1000000000 +
				(uint64_t)st.st_mtim.tv_nsec;
		error = check_header(file);
	}
	if (error) {
		dump_file_close(file);
		return error;
	}
	*ret = file;
	return NULL;
}

void dump_file_close(struct dump_file *file)
{
	if (!file)
		return;
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file);
}

const char *dump_file_path(const struct dump_file *file)
{
	return file->path;
}

const struct hc_file_header *dump_file_header(const struct dump_file *file)
{
	return &file->header;
}

uint64_t dump_file_size(const struct dump_file *file)
{
	return file->size;
}

uint64_t dump_file_written(const struct dump_file *file)
{
	return file->written;
}

uint64_t dump_chunk_end(const struct dump_chunk *chunk)
{
	return chunk->offset + sizeof(chunk->header) + ((chunk->header.stored_len + 7) & ~7ull);
}

static struct error *check_lengths(const struct dump_file *file, const struct dump_chunk *chunk)
{
	const struct hc_chunk_header *h = &chunk->header;

	if (h->raw_len > HC_CHUNK_RAW_MAX)
		return dump_chunk_error(
			file, chunk, "%" PRIu64 " bytes, more than a chunk may hold", h->raw_len);
	if (h->codec == HC_CODEC_NONE && h->stored_len != h->raw_len)
		return dump_chunk_error(file, chunk,
					"stored as it is, but %" PRIu64 " bytes for %" PRIu64,
					h->stored_len, h->raw_len);
	if (h->stored_len > ZSTD_compressBound(HC_CHUNK_RAW_MAX))
		return dump_chunk_error(file, chunk,
					"%" PRIu64 " stored bytes, more than a chunk may have",
					h->stored_len);
	if (dump_chunk_end(chunk) > file->size) {
		char name[5];

		return dump_file_error(
			file, chunk->offset,
			"the file ends in the middle of section %s: the dump was not finished",
			dump_section_name(h->id, name));
	}
	return NULL;
}

struct error *dump_file_read_chunk(struct dump_file *file, uint64_t offset, struct dump_chunk *ret)
{
	struct hc_chunk_header *h = &ret->header;
	struct error *error;

	ret->offset = offset;
	if (offset == file->size)
		return dump_file_error(
			file, offset,
			"the file ends without an END section: the dump was not finished");
	if (file->size - offset < sizeof(*h))
		return dump_file_error(
			file, offset,
			"the file ends in the middle of a chunk header: the dump was not finished");
	error = read_at(file, offset, h, sizeof(*h));
	if (error)
		return error;
	if (h->magic != HC_CHUNK_MAGIC)
		return dump_file_error(file, offset, "no chunk header here");
	if (h->header_checksum !=
	    XXH3_64bits_withSeed(h, offsetof(struct hc_chunk_header, header_checksum),
				 file->header.file_id + offset))
		return dump_file_error(
			file, offset,
			"damaged chunk header, or one that does not belong here (checksum)");
	if (h->codec != HC_CODEC_NONE && h->codec != HC_CODEC_ZSTD)
		return dump_chunk_error(file, ret, "unknown codec %u", h->codec);
	if (h->reserved)
		return dump_chunk_error(file, ret, "reserved field is %u, not 0", h->reserved);
	if (h->flags & ~(HC_CHUNK_REQUIRED | HC_CHUNK_LAST))
		return dump_chunk_error(file, ret, "unknown flags 0x%x", h->flags);
	return check_lengths(file, ret);
}

struct error *dump_file_read_chunks(struct dump_file *file, struct dump_chunk **ret, size_t *nr)
{
	uint64_t offset = file->header.header_size;
	struct dump_chunk *chunks = NULL;
	size_t capacity = 0, n = 0;
	struct error *error;

	do {
		chunks = array_grow(chunks, n, &capacity, sizeof(*chunks));
		error = dump_file_read_chunk(file, offset, &chunks[n]);
		if (error)
			break;
		offset = dump_chunk_end(&chunks[n++]);
	} while (chunks[n - 1].header.id != HC_SECTION_END);
	if (!error)
		error = dump_file_check_end(file, chunks, n);
	if (error) {
		free(chunks);
		return error;
	}
	*ret = chunks;
	*nr = n;
	return NULL;
}

struct error *dump_file_check_end(const struct dump_file *file, const struct dump_chunk *chunks,
				  size_t nr)
{
	_cleanup_(dump_buffer_deinit) struct dump_buffer buffer = { 0 };
	const struct dump_chunk *last = &chunks[nr - 1];
	_cleanup_free_ uint64_t *sums = xcalloc(nr, sizeof(*sums));
	struct error *error;
	struct hc_end end;

	if (last->header.raw_len != sizeof(end))
		return dump_chunk_error(file, last, "%" PRIu64 " bytes, not %zu",
					last->header.raw_len, sizeof(end));
	error = dump_file_read_payload(file, &buffer, last, (uint8_t *)&end);
	if (error)
		return error;
	if (end.reserved)
		return dump_chunk_error(file, last, "reserved field is %" PRIu64 ", not 0",
					end.reserved);
	if (end.nr_chunks != nr)
		return dump_chunk_error(file, last, "the file has %zu chunks, should have %" PRIu64,
					nr, end.nr_chunks);
	if (end.file_size != file->size || dump_chunk_end(last) != file->size)
		return dump_chunk_error(file, last,
					"the file has %" PRIu64 " bytes, should have %" PRIu64,
					file->size, end.file_size);
	for (size_t i = 0; i + 1 < nr; i++)
		sums[i] = chunks[i].header.header_checksum;
	if (end.chunks_checksum !=
	    XXH3_64bits_withSeed(sums, (nr - 1) * sizeof(*sums), file->header.file_id))
		return dump_chunk_error(file, last,
					"the chunks are not those that were written (checksum)");
	return NULL;
}

void dump_buffer_deinit(struct dump_buffer *buffer)
{
	free(buffer->stored);
	ZSTD_freeDCtx(buffer->zstd);
}

static struct error *decompress(const struct dump_file *file, struct dump_buffer *buffer,
				const struct dump_chunk *chunk, uint8_t *out)
{
	const struct hc_chunk_header *h = &chunk->header;
	size_t n;

	if (!buffer->zstd)
		buffer->zstd = ZSTD_createDCtx();
	if (!buffer->zstd)
		mem_exhausted();
	n = ZSTD_findFrameCompressedSize(buffer->stored, h->stored_len);
	if (ZSTD_isError(n) || n != h->stored_len)
		return dump_chunk_error(file, chunk, "not one zstd frame");
	n = ZSTD_decompressDCtx(buffer->zstd, out, h->raw_len, buffer->stored, h->stored_len);
	if (ZSTD_isError(n))
		return dump_chunk_error(file, chunk, "zstd: %s", ZSTD_getErrorName(n));
	if (n != h->raw_len)
		return dump_chunk_error(file, chunk,
					"%zu bytes after decompression, should be %" PRIu64, n,
					h->raw_len);
	return NULL;
}

struct error *dump_file_read_payload(const struct dump_file *file, struct dump_buffer *buffer,
				     const struct dump_chunk *chunk, uint8_t *out)
{
	static const uint8_t zeroes[8];
	const struct hc_chunk_header *h = &chunk->header;
	const size_t padded = (h->stored_len + 7) & ~7ull;
	struct error *error;

	if (!buffer->stored || padded > buffer->capacity) {
		buffer->stored = xrealloc(buffer->stored, padded + 1, 1);
		buffer->capacity = padded;
	}
	error = read_at(file, chunk->offset + sizeof(*h), buffer->stored, padded);
	if (error)
		return error;
	if (h->payload_checksum !=
	    XXH3_64bits_withSeed(buffer->stored, h->stored_len, file->header.file_id))
		return dump_chunk_error(file, chunk, "damaged (checksum)");
	if (memcmp(buffer->stored + h->stored_len, zeroes, padded - h->stored_len))
		return dump_chunk_error(file, chunk, "padding is not zero");
	if (h->codec == HC_CODEC_ZSTD)
		return decompress(file, buffer, chunk, out);
	if (h->raw_len)
		memcpy(out, buffer->stored, h->raw_len);
	return NULL;
}
