/* SPDX-License-Identifier: MIT */
/*
 * Sorting chunks into sections, reading their payloads, and the memory that large ones go to.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "dump/file.h"
#include "dump/internal.h"

struct error *area_reserve(const struct dump *d, struct area *area, uint64_t size, const char *what)
{
	void *bytes;

	size = size ? size : 1;
	bytes = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (bytes == MAP_FAILED)
		return error_create_errno(errno, "%s: no room for %" PRIu64 " bytes of %s",
					  dump_file_path(d->file), size, what);
	area->bytes = bytes;
	area->size = size;
	return NULL;
}

void area_use_huge_pages(struct area *area)
{
	if (area->bytes)
		madvise(area->bytes, area->size, MADV_HUGEPAGE);
}

void area_release(struct area *area)
{
	if (area->bytes)
		munmap(area->bytes, area->size);
	*area = (struct area){ 0 };
}

bool is_zero(const uint8_t *bytes, size_t len)
{
	while (len >= sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, bytes, sizeof(word));
		if (word)
			return false;
		bytes += sizeof(word);
		len -= sizeof(word);
	}
	while (len && !*bytes) {
		bytes++;
		len--;
	}
	return !len;
}

struct error *section_read(struct dump *d, const struct section *s, size_t i, uint8_t *out)
{
	struct error *error = dump_file_read_payload(d->file, &d->buffer, s->chunks[i], out);

	d->work_done += s->chunks[i]->header.raw_len;
	progress_step(&d->progress, "reading the dump", d->work_done, d->work_total);
	return error;
}

uint8_t *section_create_scratch(const struct section *s)
{
	uint64_t most = 0;

	for (size_t i = 0; i < s->nr_chunks; i++)
		if (s->chunks[i]->header.raw_len > most)
			most = s->chunks[i]->header.raw_len;
	return xmalloc(most);
}

struct error *section_read_all(struct dump *d, const struct section *s, uint8_t **ret)
{
	uint8_t *bytes = xmalloc(s->raw_len);
	uint64_t at = 0;

	for (size_t i = 0; i < s->nr_chunks; i++) {
		struct error *error = section_read(d, s, i, bytes + at);

		if (error) {
			free(bytes);
			return error;
		}
		at += s->chunks[i]->header.raw_len;
	}
	*ret = bytes;
	return NULL;
}

const struct dump_chunk *section_find_chunk(const struct section *s, uint64_t at)
{
	size_t i = 0;

	while (i + 1 < s->nr_chunks && at >= s->chunks[i]->header.raw_len)
		at -= s->chunks[i++]->header.raw_len;
	return s->chunks[i];
}

/* True where this version of the reader cannot decode the chunk but may leave it out. */
static bool is_foreign(const struct dump_chunk *chunk)
{
	return !dump_find_section(chunk->header.id) ||
	       (chunk->header.version != 1 && !(chunk->header.flags & HC_CHUNK_REQUIRED));
}

static struct error *add_chunk(struct dump *d, struct section *s, const struct dump_chunk *chunk)
{
	const struct hc_chunk_header *h = &chunk->header;

	if (h->version != 1)
		return dump_chunk_error(d->file, chunk, "version %u of this section is not known",
					h->version);
	if (s->nr_chunks && s->chunks[s->nr_chunks - 1]->header.flags & HC_CHUNK_LAST)
		return dump_chunk_error(d->file, chunk, "comes after the last part");
	if (h->part != s->nr_chunks)
		return dump_chunk_error(d->file, chunk, "part %zu should be here", s->nr_chunks);
	s->chunks[s->nr_chunks++] = chunk;
	s->raw_len += h->raw_len;
	return NULL;
}

static struct error *check_section(const struct dump *d, const struct section *s)
{
	const struct dump_chunk *last;

	if (!s->nr_chunks && s->info->required)
		return error_create("%s: section %s (%s) is missing", dump_file_path(d->file),
				    s->info->name, s->info->summary);
	if (!s->nr_chunks)
		return NULL;
	last = s->chunks[s->nr_chunks - 1];
	if (!(last->header.flags & HC_CHUNK_LAST))
		return dump_chunk_error(d->file, last, "the section's last part is missing");
	return NULL;
}

struct error *collect_sections(struct dump *d)
{
	struct error *error = NULL;

	for (size_t i = 0; i < NR_SECTIONS; i++) {
		d->sections[i].info = &dump_sections[i];
		d->sections[i].chunks = xcalloc(d->nr_chunks, sizeof(*d->sections[i].chunks));
	}
	for (size_t i = 0; i < d->nr_chunks && !error; i++) {
		const struct dump_chunk *chunk = &d->chunks[i];

		if (!is_foreign(chunk))
			error = add_chunk(
				d,
				&d->sections[dump_find_section(chunk->header.id) - dump_sections],
				chunk);
		else if (chunk->header.flags & HC_CHUNK_REQUIRED)
			error = dump_chunk_error(
				d->file, chunk,
				"an unknown section that must not be skipped: a newer "
				"heapcensus made this dump");
		d->work_total += chunk->header.raw_len;
	}
	for (size_t i = 0; i < NR_SECTIONS && !error; i++)
		error = check_section(d, &d->sections[i]);
	return error;
}
