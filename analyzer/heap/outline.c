/* SPDX-License-Identifier: MIT */
/*
 * Outlines: from a heap to pieces and back.
 */
#include "heap/outline.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/private.h"
#include "heap/symbol.h"

#define TEXT_MAX (256ul << 20) /* bytes of all types or notes */

static void add_types(struct pieces_writer *w, const struct heap *h)
{
	_cleanup_free_ char *bytes = NULL;
	size_t len;
	FILE *out = open_memstream(&bytes, &len);

	if (!out)
		mem_exhausted();
	for (uint32_t i = 0; i < h->nr_types; i++) {
		const uint32_t numbers[] = { h->types[i].provenance, h->types[i].flags };

		fwrite(numbers, sizeof(numbers), 1, out);
		fwrite(h->types[i].name, strlen(h->types[i].name) + 1, 1, out);
		fwrite(h->types[i].bases, strlen(h->types[i].bases) + 1, 1, out);
	}
	if (fclose(out))
		mem_exhausted();
	pieces_add(w, PIECE_TYPES, bytes, len);
}

static void add_notes(struct pieces_writer *w, const struct heap *h, size_t nr_notes)
{
	_cleanup_free_ char *bytes = NULL;
	size_t len, nr;
	const char *const *notes = heap_notes(h, &nr);
	FILE *out = open_memstream(&bytes, &len);

	if (!out)
		mem_exhausted();
	for (size_t i = 0; i < nr_notes; i++)
		fwrite(notes[i], strlen(notes[i]) + 1, 1, out);
	if (fclose(out))
		mem_exhausted();
	pieces_add(w, PIECE_NOTES, bytes, len);
}

void outline_add(struct pieces_writer *w, const struct heap *h, size_t nr_notes)
{
	_cleanup_free_ uint32_t *type_of = xcalloc(h->nr_objects + 1ul, sizeof(*type_of));

	for (node_id n = 0; n < h->nr_objects; n++)
		type_of[n] = node_is_object(h, n) ? h->type[n] : NODE_NONE;
	add_types(w, h);
	add_notes(w, h, nr_notes);
	pieces_add(w, PIECE_TYPE_OF, type_of, h->nr_objects * sizeof(*type_of));
	pieces_add(w, PIECE_SIZES, h->size, h->nr_objects * sizeof(*h->size));
}

/* Behind the text that begins at `at`; NULL: it does not end. */
static const char *end_of_text(const char *at, const char *end)
{
	const char *zero = at < end ? memchr(at, '\0', (size_t)(end - at)) : NULL;

	return zero ? zero + 1 : NULL;
}

static bool read_types(const struct pieces *p, struct heap *h)
{
	size_t len;
	_cleanup_free_ char *bytes = pieces_read(p, PIECE_TYPES, TEXT_MAX, &len);
	const char *const end = bytes ? bytes + len : NULL;

	for (const char *at = bytes; at && at < end;) {
		const char *name = at + 2 * sizeof(uint32_t);
		const char *bases =
			(size_t)(end - at) > 2 * sizeof(uint32_t) ? end_of_text(name, end) : NULL;
		const char *next = bases ? end_of_text(bases, end) : NULL;
		uint32_t numbers[2], type;

		if (!next)
			return false;
		memcpy(numbers, at, sizeof(numbers));
		if (numbers[0] >= NR_PROVENANCES)
			return false;
		type = heap_add_type(h, name, (enum provenance)numbers[0], numbers[1]);
		h->types[type].bases = heap_intern_name(h, bases);
		at = next;
	}
	return h->nr_types;
}

static bool read_notes(const struct pieces *p, struct heap *h)
{
	size_t len;
	_cleanup_free_ char *bytes = pieces_read(p, PIECE_NOTES, TEXT_MAX, &len);

	for (size_t at = 0; bytes && at < len; at += strlen(bytes + at) + 1)
		symbols_add_note(h->symbols, bytes + at);
	return bytes;
}

static bool read_objects(const struct pieces *p, struct heap *h)
{
	const uint64_t most = dump_blocks_most(h->dump);
	size_t len, sizes_len;

	h->type = pieces_read(p, PIECE_TYPE_OF, most * sizeof(*h->type), &len);
	h->size = pieces_read(p, PIECE_SIZES, most * sizeof(*h->size), &sizes_len);
	if (!h->type || !h->size || len % sizeof(*h->type) || sizes_len != len * 2)
		return false;
	h->nr_objects = h->nr_nodes = (uint32_t)(len / sizeof(*h->type));
	h->owner = xcalloc(h->nr_objects + 1ul, sizeof(*h->owner));
	for (node_id n = 0; n < h->nr_objects; n++) {
		h->owner[n] = h->type[n] == NODE_NONE ? NODE_NONE : n;
		if (h->type[n] == NODE_NONE)
			h->type[n] = 0;
		else if (h->type[n] >= h->nr_types)
			return false;
	}
	return true;
}

struct heap *outline_open(const struct pieces *p, const struct dump *d,
			  const struct heap_options *options)
{
	struct heap *h = heap_create_empty(d, options);

	h->is_outline = true;

	if (read_types(p, h) && read_notes(p, h) && read_objects(p, h))
		return h;
	heap_close(h);
	return NULL;
}
