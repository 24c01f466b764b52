/* SPDX-License-Identifier: MIT */
/*
 * STRS: the strings that other sections name by index.
 */
#include <string.h>

#include "base/mem.h"
#include "dump/decode.h"
#include "dump/internal.h"

/* A first pass over one payload: how many strings, how many bytes. */
static struct error *measure(const struct dump_file *file, const struct dump_chunk *chunk,
			     const uint8_t *raw, size_t *nr, size_t *bytes)
{
	struct error *error = NULL;
	struct string_record string = { 0 };

	for (size_t at = 0; at < chunk->header.raw_len && !error; ++*nr) {
		error = decode_string(file, chunk, raw, &at, &string);
		*bytes += string.len + 1ull;
	}
	return error;
}

struct error *load_strings(struct dump *d)
{
	const struct section *s = &d->sections[SECTION_STRS];
	_cleanup_free_ uint8_t *raw = NULL;
	struct error *error = section_read_all(d, s, &raw);
	size_t nr = 1, bytes = 1, at = 0, out = 1;

	for (size_t i = 0; i < s->nr_chunks && !error; i++) {
		error = measure(d->file, s->chunks[i], raw + at, &nr, &bytes);
		at += s->chunks[i]->header.raw_len;
	}
	if (error)
		return error;
	d->strings = xcalloc(nr, sizeof(*d->strings));
	d->string_bytes = xcalloc(bytes, 1);
	d->strings[0] = (struct dump_string){ d->string_bytes, 0 };
	d->nr_strings = nr;
	at = 0;
	for (size_t i = 1; i < nr; i++) {
		struct dump_string *string = &d->strings[i];

		memcpy(&string->len, raw + at, sizeof(string->len));
		memcpy(d->string_bytes + out, raw + at + sizeof(string->len), string->len);
		string->bytes = d->string_bytes + out;
		out += string->len + 1ull;
		at += (sizeof(string->len) + (size_t)string->len + 3) & ~3ull;
	}
	return NULL;
}

struct dump_string dump_get_string(const struct dump *d, uint32_t index)
{
	return d->strings[index];
}
