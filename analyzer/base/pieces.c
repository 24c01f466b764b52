/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing files of pieces.  Files are read, not mapped: a file that gets shorter while
 * it is read is damaged, and no more.
 */
#include "base/pieces.h"

#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zstd.h>

#include "base/kept_file.h"
#include "base/mem.h"

#define PIECES_MAGIC "HCPIECES"
#define PIECES_MAX   4096u
#define PIECES_LEVEL 1

struct pieces_head {
	char magic[8];
	uint8_t build[BUILD_ID_MAX];
	uint64_t nr;
	uint64_t checksum;
};
_Static_assert(sizeof(struct pieces_head) == 56, "on-disk size");

struct piece {
	uint64_t number, len, stored, checksum;
};
_Static_assert(sizeof(struct piece) == 32, "on-disk size");

struct pieces {
	int fd;
	uint64_t nr;
	uint64_t *at; /* [nr] in the file */
	struct piece *items;
};

static bool head_init(struct pieces_head *h, uint64_t nr)
{
	*h = (struct pieces_head){ .nr = nr };
	memcpy(h->magic, PIECES_MAGIC, sizeof(h->magic));
	return kept_file_build(h->build);
}

static uint64_t head_checksum(struct pieces_head h, const struct piece *items)
{
	XXH3_state_t state;

	h.checksum = 0;
	XXH3_64bits_reset(&state);
	XXH3_64bits_update(&state, &h, sizeof(h));
	XXH3_64bits_update(&state, items, h.nr * sizeof(*items));
	return XXH3_64bits_digest(&state);
}

/* Where the pieces stand: one after another, from behind the head to the end. */
static bool find_places(struct pieces *p, uint64_t size)
{
	uint64_t at = sizeof(struct pieces_head) + p->nr * sizeof(*p->items);

	for (uint64_t i = 0; i < p->nr; i++) {
		p->at[i] = at;
		if (at > size || p->items[i].stored > size - at)
			return false;
		at += p->items[i].stored;
	}
	return at == size;
}

static bool read_head(struct pieces *p, uint64_t size)
{
	struct pieces_head h, own;

	if (!kept_file_read(p->fd, &h, sizeof(h)) || h.nr > PIECES_MAX || !head_init(&own, h.nr) ||
	    memcmp(h.magic, own.magic, sizeof(h.magic)) ||
	    memcmp(h.build, own.build, sizeof(h.build)))
		return false;
	p->nr = h.nr;
	p->at = xcalloc(h.nr + 1, sizeof(*p->at));
	p->items = xcalloc(h.nr + 1, sizeof(*p->items));
	return kept_file_read(p->fd, p->items, h.nr * sizeof(*p->items)) &&
	       head_checksum(h, p->items) == h.checksum && find_places(p, size);
}

struct pieces *pieces_open(const char *path)
{
	uint64_t size;
	const int fd = kept_file_open(path, &size);
	struct pieces *p;

	if (fd < 0)
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->fd = fd;
	if (read_head(p, size))
		return p;
	pieces_close(p);
	return NULL;
}

void pieces_close(struct pieces *p)
{
	if (!p)
		return;
	close(p->fd);
	free(p->at);
	free(p->items);
	free(p);
}

static bool read_stored(const struct pieces *p, uint64_t i, uint8_t *to)
{
	for (uint64_t done = 0; done < p->items[i].stored;) {
		const ssize_t nr = pread(p->fd, to + done, p->items[i].stored - done,
					 (off_t)(p->at[i] + done));

		if (nr <= 0)
			return false;
		done += (uint64_t)nr;
	}
	return XXH3_64bits(to, p->items[i].stored) == p->items[i].checksum;
}

/* p->nr: there is none of that number. */
static uint64_t find_piece(const struct pieces *p, uint64_t number)
{
	uint64_t i = 0;

	while (i < p->nr && p->items[i].number != number)
		i++;
	return i;
}

bool pieces_has(const struct pieces *p, uint64_t number)
{
	return find_piece(p, number) < p->nr;
}

void *pieces_read(const struct pieces *p, uint64_t number, uint64_t most, size_t *len)
{
	const uint64_t i = find_piece(p, number);
	_cleanup_free_ uint8_t *stored = NULL;
	uint8_t *bytes;

	if (i == p->nr || p->items[i].len > most ||
	    p->items[i].stored > ZSTD_compressBound(p->items[i].len))
		return NULL;
	stored = xmalloc(p->items[i].stored + 1);
	if (!read_stored(p, i, stored))
		return NULL;
	*len = p->items[i].len;
	bytes = xmalloc(*len + 1);
	bytes[*len] = 0;
	if (ZSTD_decompress(bytes, *len, stored, p->items[i].stored) == *len)
		return bytes;
	free(bytes);
	return NULL;
}

void pieces_add(struct pieces_writer *w, uint64_t number, const void *bytes, size_t len)
{
	const size_t room = ZSTD_compressBound(len);
	struct piece_made *made;

	w->items = array_grow(w->items, w->nr, &w->room, sizeof(*w->items));
	made = &w->items[w->nr++];
	*made = (struct piece_made){ .number = number, .len = len, .bytes = xmalloc(room) };
	made->stored = ZSTD_compress(made->bytes, room, bytes, len, PIECES_LEVEL);
	if (ZSTD_isError(made->stored))
		mem_exhausted(); /* the room is large enough: what it lacks is its own memory */
	made->bytes = xrealloc(made->bytes, made->stored + 1, 1);
}

static bool has_piece(const struct pieces_writer *w, uint64_t number)
{
	for (size_t i = 0; i < w->nr; i++)
		if (w->items[i].number == number)
			return true;
	return false;
}

bool pieces_add_rest(struct pieces_writer *w, const struct pieces *p)
{
	for (uint64_t i = 0; i < p->nr; i++) {
		const struct piece *piece = &p->items[i];
		struct piece_made made = { piece->number, piece->len, piece->stored, NULL };

		if (has_piece(w, piece->number))
			continue;
		made.bytes = xmalloc(piece->stored + 1);
		w->items = array_grow(w->items, w->nr, &w->room, sizeof(*w->items));
		w->items[w->nr++] = made;
		if (!read_stored(p, i, made.bytes))
			return false;
	}
	return true;
}

bool pieces_write(const struct pieces_writer *w, const char *path)
{
	_cleanup_free_ struct kept_bytes *parts = xcalloc(w->nr + 2, sizeof(*parts));
	_cleanup_free_ struct piece *items = xcalloc(w->nr + 1, sizeof(*items));
	struct pieces_head h;

	if (w->nr > PIECES_MAX || !head_init(&h, w->nr))
		return false;
	for (size_t i = 0; i < w->nr; i++) {
		const struct piece_made *made = &w->items[i];

		items[i] = (struct piece){ made->number, made->len, made->stored,
					   XXH3_64bits(made->bytes, made->stored) };
		parts[i + 2] = (struct kept_bytes){ made->bytes, made->stored };
	}
	h.checksum = head_checksum(h, items);
	parts[0] = (struct kept_bytes){ &h, sizeof(h) };
	parts[1] = (struct kept_bytes){ items, w->nr * sizeof(*items) };
	return kept_file_write(path, parts, w->nr + 2);
}

void pieces_writer_deinit(struct pieces_writer *w)
{
	for (size_t i = 0; i < w->nr; i++)
		free(w->items[i].bytes);
	free(w->items);
}
