/* SPDX-License-Identifier: MIT */
/*
 * Which index is a dump's, and where it is.
 */
#include "cmd/index.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <elfutils/libdwfl.h>

#include "base/kept_file.h"
#include "base/mem.h"
#include "heap/outline.h"
#include "heap/witness.h"
#include "partition/memo.h"
#include "typing/typing.h"

#define INDEX_VERSION	2
#define INDEX_BLOCKS	100000 /* of fewer blocks a dump is opened as fast */
#define INDEX_TEXT_MAX	(64ul << 20)
#define NR_INDEX_PLACES 2

struct index {
	const struct dump *dump;
	const char *symbol_path;
	const char *folder;	      /* of the cache */
	char *paths[NR_INDEX_PLACES]; /* beside the dump, in the cache */
	char *key;
	char *witnesses; /* as they were before anything was read */
	struct pieces *pieces;
	struct pieces_writer made; /* the outline, where there are no pieces */
};

/* All that the index depends on but files of this machine, which are its witnesses. */
static char *make_key(const struct dump *d, const struct heap_options *o)
{
	const struct hc_file_header *header = dump_header(d);

	return xasprintf("index %d\nlibdw %s\ndump %" PRIx64 " %" PRIx64 " %" PRIu64 " %" PRIu64
			 "\nview %d%d%d%d%d\nwrappers %s\nsymbols %s\n",
			 INDEX_VERSION, dwfl_version(NULL), header->file_id, dump_checksum(d),
			 dump_file_bytes(d), dump_file_time(d), o->exact_index, o->unfolded,
			 o->exact_edges, o->source_types, o->thorough,
			 o->wrappers ? o->wrappers : "", o->symbol_path ? o->symbol_path : "");
}

static bool is_text(const struct pieces *p, enum index_piece piece, const char *wanted)
{
	size_t len;
	_cleanup_free_ char *text = pieces_read(p, piece, INDEX_TEXT_MAX, &len);

	return text && len == strlen(text) && !strcmp(text, wanted);
}

static bool has_true_witnesses(const struct pieces *p)
{
	size_t len;
	_cleanup_free_ char *text = pieces_read(p, PIECE_WITNESSES, INDEX_TEXT_MAX, &len);

	return text && len == strlen(text) && witness_is_true(text);
}

static struct pieces *find_pieces(const struct index *x)
{
	for (int i = 0; i < NR_INDEX_PLACES; i++) {
		struct pieces *p = x->paths[i] ? pieces_open(x->paths[i]) : NULL;

		if (p && is_text(p, PIECE_KEY, x->key) && has_true_witnesses(p))
			return p;
		pieces_close(p);
	}
	return NULL;
}

/* Beside the file itself, whatever leads to it (links, /dev/stdin).  NULL: it has no name. */
static char *find_place_beside(const struct dump *d)
{
	_cleanup_free_ char *path = realpath(dump_path(d), NULL);

	return path ? xasprintf("%s" HC_INDEX_SUFFIX, path) : NULL;
}

struct index *index_open(const struct dump *d, const struct heap_options *options)
{
	struct index *x = xcalloc(1, sizeof(*x));

	x->dump = d;
	x->symbol_path = options->symbol_path;
	x->folder = options->cache_path;
	x->paths[0] = find_place_beside(d);
	x->paths[1] = xasprintf("%s/%016" PRIx64 HC_INDEX_SUFFIX, x->folder, dump_checksum(d));
	x->key = make_key(d, options);
	x->pieces = find_pieces(x);
	if (!x->pieces)
		x->witnesses = witness_create(d, options->symbol_path);
	return x;
}

void index_close(struct index *x)
{
	if (!x)
		return;
	for (int i = 0; i < NR_INDEX_PLACES; i++)
		free(x->paths[i]);
	free(x->key);
	free(x->witnesses);
	pieces_close(x->pieces);
	pieces_writer_deinit(&x->made);
	free(x);
}

void index_reject(struct index *x)
{
	pieces_close(x->pieces);
	x->pieces = NULL;
	x->witnesses = witness_create(x->dump, x->symbol_path);
}

const struct pieces *index_pieces(const struct index *x)
{
	return x->pieces;
}

/* Dumps that are opened in no time need none. */
static bool is_worth_it(const struct heap *h)
{
	const char *least = getenv("HEAPCENSUS_INDEX");

	return h->nr_objects >= (least ? strtoul(least, NULL, 10) : INDEX_BLOCKS);
}

void index_take(struct index *x, const struct heap *h)
{
	if (!x->pieces && is_worth_it(h))
		heap_keep(&x->made, h);
}

static void write_index(const struct index *x, const struct pieces_writer *w)
{
	if (x->paths[0] && pieces_write(w, x->paths[0]))
		return;
	kept_file_make_folder(x->folder);
	kept_file_remove_old(x->folder, HC_INDEX_SUFFIX);
	pieces_write(w, x->paths[1]);
}

static bool has_news(const struct index *x, const struct heap *h)
{
	return (h->memos && memos_has_news(h->memos)) ||
	       (h->has_edge_counts && !pieces_has(x->pieces, PIECE_EDGES));
}

void index_save(struct index *x, const struct heap *h, size_t nr_notes)
{
	struct pieces_writer *w = &x->made;

	if (h->is_outline || !heap_is_complete(h) || (x->pieces ? !has_news(x, h) : !w->nr))
		return;
	pieces_add(w, PIECE_KEY, x->key, strlen(x->key));
	if (!x->pieces)
		pieces_add(w, PIECE_WITNESSES, x->witnesses, strlen(x->witnesses));
	outline_add_edges(w, h);
	if (h->memos)
		memos_add(w, h->memos, nr_notes);
	if (!x->pieces || pieces_add_rest(w, x->pieces))
		write_index(x, w);
}
