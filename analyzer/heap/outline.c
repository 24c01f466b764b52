/* SPDX-License-Identifier: MIT */
/*
 * Outlines: from a heap to pieces and back.
 */
#include "heap/outline.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/fold.h"
#include "heap/interior.h"
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

static void add_texts(struct pieces_writer *w, enum index_piece piece, const char *const *texts,
		      size_t nr)
{
	_cleanup_free_ char *bytes = NULL;
	size_t len;
	FILE *out = open_memstream(&bytes, &len);

	if (!out)
		mem_exhausted();
	for (size_t i = 0; i < nr; i++)
		fwrite(texts[i], strlen(texts[i]) + 1, 1, out);
	if (fclose(out))
		mem_exhausted();
	pieces_add(w, piece, bytes, len);
}

static void add_owners(struct pieces_writer *w, const struct heap *h)
{
	_cleanup_free_ uint32_t *owners = xcalloc(h->nr_objects + 1ul, sizeof(*owners));

	for (node_id n = 0; n < h->nr_objects; n++)
		owners[n] = h->owner[n] == NODE_NONE ? OUTLINE_NOBODY : h->owner[n] - n;
	pieces_add(w, PIECE_OWNERS, owners, h->nr_objects * sizeof(*owners));
}

void outline_add(struct pieces_writer *w, const struct heap *h)
{
	const struct heap_private *p = h->private;
	size_t nr;
	const char *const *notes = heap_notes(h, &nr);

	add_types(w, h);
	add_texts(w, PIECE_NOTES, notes, nr);
	add_texts(w, PIECE_WRAPPERS, p->added_wrappers, p->nr_added_wrappers);
	pieces_add(w, PIECE_TYPE_OF, h->type, h->nr_objects * sizeof(*h->type));
	pieces_add(w, PIECE_SIZES, h->size, h->nr_objects * sizeof(*h->size));
	add_owners(w, h);
	pieces_add(w, PIECE_TABLES, h->next_table, h->nr_objects * sizeof(*h->next_table));
	pieces_add(w, PIECE_HEADS, h->head, h->nr_objects * sizeof(*h->head));
	if (h->held)
		pieces_add(w, PIECE_HELD, h->held, h->nr_objects * sizeof(*h->held));
	pieces_add(w, PIECE_INTERIORS, h->interiors, h->nr_interiors * sizeof(*h->interiors));
}

void outline_add_edges(struct pieces_writer *w, const struct heap *h)
{
	size_t nr;
	const char *const *notes = heap_notes(h, &nr);

	if (!h->has_edge_counts)
		return;
	pieces_add(w, PIECE_EDGES, h->edge_counts, sizeof(h->edge_counts));
	add_texts(w, PIECE_EDGE_NOTES, notes, nr);
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

/* An item for each block. */
static void *read_column(const struct pieces *p, enum index_piece piece, const struct heap *h,
			 size_t item)
{
	const uint64_t bytes = h->nr_objects * (uint64_t)item;
	size_t len;
	void *column = pieces_read(p, piece, bytes, &len);

	if (column && len == bytes)
		return column;
	free(column);
	return NULL;
}

/* From distances to owners, which own themselves. */
static bool find_owners(struct heap *h)
{
	for (node_id n = 0; n < h->nr_objects; n++)
		h->owner[n] = h->owner[n] == OUTLINE_NOBODY ? NODE_NONE : h->owner[n] + n;
	for (node_id n = 0; n < h->nr_objects; n++) {
		const node_id owner = h->owner[n];

		if (owner != NODE_NONE && (owner >= h->nr_objects || h->owner[owner] != owner))
			return false;
	}
	return true;
}

static bool read_objects(const struct pieces *p, struct heap *h)
{
	const uint64_t most = dump_blocks_most(h->dump);
	size_t len;

	h->type = pieces_read(p, PIECE_TYPE_OF, most * sizeof(*h->type), &len);
	if (!h->type || len % sizeof(*h->type))
		return false;
	h->nr_objects = h->nr_nodes = (uint32_t)(len / sizeof(*h->type));
	h->size = read_column(p, PIECE_SIZES, h, sizeof(*h->size));
	h->owner = read_column(p, PIECE_OWNERS, h, sizeof(*h->owner));
	if (!h->size || !h->owner)
		return false;
	for (node_id n = 0; n < h->nr_objects; n++)
		if (h->type[n] >= h->nr_types)
			return false;
	return find_owners(h);
}

static bool read_edges(const struct pieces *p, struct heap *h)
{
	size_t len;
	_cleanup_free_ uint64_t *counts = NULL;

	if (!pieces_has(p, PIECE_EDGES))
		return true;
	counts = pieces_read(p, PIECE_EDGES, sizeof(h->edge_counts), &len);
	h->private->edge_notes =
		pieces_read(p, PIECE_EDGE_NOTES, TEXT_MAX, &h->private->edge_notes_len);
	if (!counts || len != sizeof(h->edge_counts) || !h->private->edge_notes)
		return false;
	memcpy(h->edge_counts, counts, sizeof(h->edge_counts));
	h->has_edge_counts = true;
	return true;
}

static bool read_wrappers(const struct pieces *p, struct heap *h)
{
	size_t len;
	_cleanup_free_ char *bytes = pieces_read(p, PIECE_WRAPPERS, TEXT_MAX, &len);

	for (size_t at = 0; bytes && at < len; at += strlen(bytes + at) + 1)
		heap_add_wrapper_named(h, heap_intern_name(h, bytes + at));
	return bytes;
}

static bool read_interiors(const struct pieces *p, struct heap *h)
{
	size_t len;

	h->interiors = pieces_read(p, PIECE_INTERIORS, TEXT_MAX, &len);
	h->nr_interiors = len / sizeof(*h->interiors);
	return h->interiors && !(len % sizeof(*h->interiors));
}

static bool is_whole(const struct heap *h)
{
	for (node_id n = 0; n < h->nr_objects; n++) {
		const node_id table = h->next_table[n];

		if (h->head[n] > block_size(h, n) || (table != NODE_NONE && table >= h->nr_objects))
			return false;
		if (h->held && fold_is_offered(h, n) && fold_holder(h, n) >= h->nr_objects)
			return false;
	}
	return true;
}

bool outline_fill(const struct pieces *p, struct heap *h)
{
	heap_need_sites(h);
	h->has_blocks = true;
	h->is_lacking = false;
	if (dump_blocks(h->dump)->nr != h->nr_objects || !read_interiors(p, h) ||
	    !read_edges(p, h) || !read_wrappers(p, h))
		return false;
	h->next_table = read_column(p, PIECE_TABLES, h, sizeof(*h->next_table));
	h->head = read_column(p, PIECE_HEADS, h, sizeof(*h->head));
	h->held = read_column(p, PIECE_HELD, h, sizeof(*h->held));
	return h->next_table && h->head && (h->held || !pieces_has(p, PIECE_HELD)) && is_whole(h);
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
