/* SPDX-License-Identifier: MIT */
/*
 * Opening a dump and its heap, whole or, where its index has what is needed, in outline; and what
 * the reader of the output should know, when they are closed.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/timings.h"
#include "cmd/cmd.h"
#include "cmd/index.h"
#include "heap/interior.h"
#include "heap/outline.h"
#include "partition/memo.h"
#include "typing/typing.h"

/* Where what was found out is kept.  "": nowhere. */
static char *find_cache(void)
{
	const char *own = getenv("HEAPCENSUS_CACHE"), *xdg = getenv("XDG_CACHE_HOME"),
		   *home = getenv("HOME");

	if (own)
		return xstrdup(own);
	if (xdg && *xdg == '/')
		return xasprintf("%s/heapcensus", xdg);
	return home && *home == '/' ? xasprintf("%s/.cache/heapcensus", home) : xstrdup("");
}

/* HEAPCENSUS_SYMBOLS, from the root on: libdwfl looks for what is relative beside each binary. */
static char *find_symbols(void)
{
	const char *told = getenv("HEAPCENSUS_SYMBOLS");
	_cleanup_free_ char *here = getcwd(NULL, 0);

	if (!told || !*told)
		return NULL;
	return *told == '/' || !here ? xstrdup(told) : xasprintf("%s/%s", here, told);
}

/* Rows of objects inside arenas, and edges that are left out, are worked out each time. */
#define VIEWS_WITHOUT_INDEX (CMD_VIEW_INTERIOR | CMD_VIEW_EXACT_EDGES)

static struct error *open_head(const char *path, unsigned int view, struct opened *o)
{
	struct error *error;

	/* A limit on the size of files is no reason to die of an index. */
	signal(SIGXFSZ, SIG_IGN);
	o->cache = find_cache();
	o->symbols = find_symbols();
	o->progress = progress_terminal();
	o->progress.pass = timings_find();
	o->view = view;
	o->options = (struct heap_options){
		.exact_index = view & CMD_VIEW_EXACT_INDEX,
		.unfolded = view & CMD_VIEW_OWN,
		.exact_edges = view & CMD_VIEW_EXACT_EDGES,
		.source_types = view & CMD_VIEW_SOURCE_TYPES,
		.thorough = view & CMD_VIEW_THOROUGH,
		.wrappers = o->wrappers,
		.symbol_path = o->symbols,
		.cache_path = *o->cache ? o->cache : NULL,
		.progress = o->progress,
	};
	error = dump_open_head(path, &o->progress, &o->dump);
	if (!error && *o->cache && !(view & VIEWS_WITHOUT_INDEX))
		o->index = index_open(o->dump, &o->options);
	return error;
}

/* The heap once more, of a dump in which what lies in arenas are blocks. */
static struct error *open_interior(struct opened *o)
{
	const size_t nr = o->heap->nr_interiors;
	_cleanup_free_ struct dump_inner *items = xcalloc(nr + 1, sizeof(*items));
	struct error *error;

	for (size_t i = 0; i < nr; i++) {
		const struct interior *inner = &o->heap->interiors[i];

		items[i] = (struct dump_inner){ inner->addr, inner->size, inner->arena };
	}
	heap_close(o->heap);
	o->heap = NULL;
	error = dump_insert_blocks(o->dump, items, nr);
	return error ? error : heap_open(o->dump, &o->options, &o->heap);
}

struct error *cmd_open_whole(struct opened *o)
{
	struct error *error;

	if (o->heap) {
		memos_destroy(o->heap->memos);
		heap_close(o->heap);
		o->heap = NULL;
	}
	error = dump_read_body(o->dump);
	if (!error)
		error = heap_open(o->dump, &o->options, &o->heap);
	if (!error && o->view & CMD_VIEW_INTERIOR && o->heap->nr_interiors)
		error = open_interior(o);
	if (!error)
		heap_notes(o->heap, &o->nr_notes);
	return error;
}

struct error *cmd_open(const char *path, unsigned int view, struct opened *o)
{
	struct error *error = open_head(path, view, o);

	return error ? error : cmd_open_whole(o);
}

struct error *cmd_open_outline(const char *path, unsigned int view, struct opened *o)
{
	struct error *error = open_head(path, view, o);

	if (!error && o->index && index_pieces(o->index))
		o->heap = outline_open(index_pieces(o->index), o->dump, &o->options);
	if (error || o->heap)
		return error;
	if (o->index && index_pieces(o->index))
		index_reject(o->index);
	return cmd_open_whole(o);
}

void cmd_remember(struct opened *o)
{
	if (o->index)
		memos_create(o->heap, index_pieces(o->index));
}

static void print_notes(const struct heap *h)
{
	size_t nr;
	const char *const *notes = heap_notes(h, &nr);

	for (size_t i = 0; i < nr; i++) {
		fputs("heapcensus: note: ", stderr);
		text_print(stderr, notes[i]);
		fputc('\n', stderr);
	}
	if (h->nr_left_out)
		fprintf(stderr,
			"heapcensus: note: %" PRIu64
			" references by words of no type are left out (--exact-edges): what only "
			"they hold looks unheld\n",
			h->nr_left_out);
}

void cmd_close(struct opened *o)
{
	fflush(stdout);
	progress_pass(&o->progress, "answer");
	if (o->heap) {
		print_notes(o->heap);
		if (o->index)
			index_save(o->index, o->heap, o->nr_notes);
		progress_pass(&o->progress, "index");
		memos_destroy(o->heap->memos);
		heap_close(o->heap);
	}
	index_close(o->index);
	dump_close(o->dump);
	free(o->cache);
	free(o->symbols);
	progress_pass(&o->progress, "close");
}
