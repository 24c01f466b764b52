/* SPDX-License-Identifier: MIT */
/*
 * Files of the cache: where they are, what is in them, whether they are whole.
 */
#include "typing/native/cache.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <elfutils/libdwfl.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/kept_file.h"
#include "base/mem.h"
#include "typing/native/unit.h"

#define CACHE_MAGIC    "HCTYPES"
#define CACHE_SUFFIX   ".types"
#define CACHE_FILE_MAX (512ul << 20)

struct cache_header {
	char magic[8];
	uint8_t build[BUILD_ID_MAX]; /* of heapcensus itself */
	char libdw[16];		     /* its version: newer ones read more */
	uint64_t length;	     /* of what follows */
	uint64_t checksum;	     /* of that */
};
_Static_assert(sizeof(struct cache_header) == 72, "no room between the fields");

static bool cache_header_init(struct cache_header *h)
{
	*h = (struct cache_header){ .magic = CACHE_MAGIC };
	strncpy(h->libdw, dwfl_version(NULL), sizeof(h->libdw) - 1);
	return kept_file_build(h->build);
}

static char *cache_path_of(const struct heap *h, const struct dump_string *id)
{
	const char *folder = heap_cache_path(h);

	if (!folder || !id->len)
		return NULL;

	_cleanup_free_ char *name = debug_build_text(id);

	return xasprintf("%s/%s" CACHE_SUFFIX, folder, name);
}

/* The module's file; NULL: it has none. */
static char *cache_path(const struct debug *d)
{
	const struct dump_string id = debug_build_id(d);

	return cache_path_of(d->native->heap, &id);
}

bool cache_has(const struct heap *h, const struct dump_string *build_id)
{
	_cleanup_free_ char *path = cache_path_of(h, build_id);

	return path && !access(path, R_OK);
}

/* What follows the header of a file that this heapcensus has written; NULL: it is none. */
static uint8_t *cache_read(int fd, uint64_t size, size_t *len)
{
	struct cache_header h, own;

	if (!cache_header_init(&own) || !kept_file_read(fd, &h, sizeof(h)) ||
	    memcmp(h.magic, own.magic, sizeof(h.magic)) ||
	    memcmp(h.build, own.build, sizeof(h.build)) ||
	    memcmp(h.libdw, own.libdw, sizeof(h.libdw)) || h.length > CACHE_FILE_MAX ||
	    h.length + sizeof(h) != size)
		return NULL;

	uint8_t *bytes = xmalloc(h.length + 1);

	*len = h.length;
	if (kept_file_read(fd, bytes, h.length) && XXH3_64bits(bytes, h.length) == h.checksum)
		return bytes;
	free(bytes);
	return NULL;
}

void cache_load(struct debug *d)
{
	_cleanup_free_ char *path = cache_path(d);
	uint64_t size;
	const int fd = path ? kept_file_open(path, &size) : -1;
	size_t len;

	if (fd < 0)
		return;

	_cleanup_free_ uint8_t *bytes = cache_read(fd, size, &len);

	close(fd);
	d->is_cached = bytes && cache_decode(d, bytes, len);
	d->is_news = false;
}

static void cache_write(const char *path, const struct bytes *b)
{
	struct cache_header h;
	const struct kept_bytes parts[] = { { &h, sizeof(h) }, { b->bytes, b->nr } };

	if (!cache_header_init(&h))
		return;
	h.length = b->nr;
	h.checksum = XXH3_64bits(b->bytes, b->nr);
	kept_file_write(path, parts, ARRAY_SIZE(parts));
}

void cache_save(struct debug *d)
{
	_cleanup_free_ char *path = cache_path(d);
	struct bytes b = { 0 };

	if (!path || !d->is_news || d->is_partial || !(d->is_cached || d->nr_units))
		return;
	if (cache_encode(d, &b) && b.nr <= CACHE_FILE_MAX) {
		const char *folder = heap_cache_path(d->native->heap);

		kept_file_make_folder(folder);
		kept_file_remove_old(folder, CACHE_SUFFIX);
		cache_write(path, &b);
	}
	free(b.bytes);
}
