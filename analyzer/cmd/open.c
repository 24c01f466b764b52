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

static void close_heap(struct opened *o)
{
	if (o->heap)
		memos_destroy(o->heap->memos);
	heap_close(o->heap);
	o->heap = NULL;
}

static struct error *open_whole(struct opened *o)
{
	struct error *error;

	close_heap(o);
	error = dump_read_body(o->dump);
	if (!error)
		error = heap_open(o->dump, &o->options, &o->heap);
	if (!error && o->view & CMD_VIEW_INTERIOR && o->heap->nr_interiors)
		error = open_interior(o);
	if (error)
		return error;
	heap_notes(o->heap, &o->nr_notes);
	if (!o->index)
		return NULL;
	index_take(o->index, o->heap);
	memos_create(o->heap, index_pieces(o->index));
	return NULL;
}

/* The outline with the dump's blocks.  Where the index is damaged there is no heap. */
static struct error *read_blocks(struct opened *o)
{
	struct error *error = dump_read_blocks(o->dump);

	if (!error && !heap_recall(index_pieces(o->index), o->heap))
		close_heap(o);
	progress_pass(&o->progress, "outline of blocks");
	return error;
}

/* What the index has, if that is enough; else there is no heap. */
static struct error *open_outline(struct opened *o, enum heap_need need)
{
	const struct pieces *pieces = index_pieces(o->index);
	struct error *error = NULL;

	if (!pieces)
		return NULL;
	o->heap = outline_open(pieces, o->dump, &o->options);
	progress_pass(&o->progress, "outline");
	if (o->heap && need == HEAP_NEED_BLOCKS)
		error = read_blocks(o);
	if (o->heap)
		memos_create(o->heap, pieces);
	else
		index_reject(o->index);
	return error;
}

struct error *cmd_open(const char *path, unsigned int view, enum heap_need need, struct opened *o)
{
	struct error *error = open_head(path, view, o);

	if (!error && o->index && need != HEAP_NEED_WHOLE)
		error = open_outline(o, need);
	return error || o->heap ? error : open_whole(o);
}

static bool is_lacking(struct opened *const *opened, size_t nr)
{
	bool lacking = false;

	for (size_t i = 0; i < nr; i++)
		lacking |= opened[i]->heap->is_lacking || dump_is_lacking(opened[i]->dump);
	return lacking;
}

static bool is_outline(struct opened *const *opened, size_t nr)
{
	bool outline = false;

	for (size_t i = 0; i < nr; i++)
		outline |= opened[i]->heap->is_outline;
	return outline;
}

/* False: the outlines were not enough, nothing is printed. */
static bool answer_briefly(struct opened *const *opened, size_t nr, cmd_answer_fn *fn, void *arg,
			   struct error **error)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		mem_exhausted();
	*error = fn(arg, out);
	if (fclose(out))
		mem_exhausted();
	if (!is_lacking(opened, nr)) {
		fwrite(text, 1, len, stdout);
		return true;
	}
	error_destroy(*error);
	*error = NULL;
	return false;
}

/* The next more that there is. */
static struct error *open_more(struct opened *o)
{
	struct error *error = NULL;

	if (!o->heap->is_outline)
		return NULL;
	if (o->heap->has_blocks)
		return open_whole(o);
	error = read_blocks(o);
	if (error || o->heap)
		return error;
	index_reject(o->index);
	return open_whole(o);
}

struct error *cmd_answer(struct opened *const *opened, size_t nr, cmd_answer_fn *fn, void *arg)
{
	struct error *error = NULL;

	while (is_outline(opened, nr)) {
		if (answer_briefly(opened, nr, fn, arg, &error))
			return error;
		for (size_t i = 0; i < nr && !error; i++)
			error = open_more(opened[i]);
		if (error)
			return error;
	}
	return fn(arg, stdout);
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
		close_heap(o);
	}
	index_close(o->index);
	dump_close(o->dump);
	free(o->cache);
	free(o->symbols);
	progress_pass(&o->progress, "close");
}
