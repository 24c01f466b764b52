/* SPDX-License-Identifier: MIT */
/*
 * Gives every object of a heap its type: each is shown to the recognisers in turn until one is
 * sure.
 */
#include "typing/typing.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/progress.h"
#include "heap/fold.h"
#include "heap/interior.h"
#include "heap/outline.h"
#include "heap/private.h"
#include "heap/symbol.h"
#include "typing/container/container.h"
#include "typing/cpython/cpython.h"
#include "typing/native/fold.h"
#include "typing/native/native.h"
#include "typing/recogniser.h"

#define PROGRESS_OBJECTS     65536
#define SEARCHED_OBJECTS_MAX 4000000u

static recognise_fn *const recognisers[] = {
#define RECOGNISER_ROW(function, summary) function,
	RECOGNISERS(RECOGNISER_ROW)
#undef RECOGNISER_ROW
};

static uint32_t typing_recognise(struct typing *t, node_id n)
{
	const uint8_t *bytes = dump_block_bytes(t->heap->dump, n);

	for (size_t i = 0; i < ARRAY_SIZE(recognisers); i++) {
		const uint32_t type = recognisers[i](t, n, bytes, t->blocks->size[n]);

		if (type != TYPE_UNSURE)
			return type;
	}
	return 0;
}

/* An arena's objects are blocks of their own, also where every block is shown as it is: its bytes
 * would count twice. */
static void leave_out_arenas(const struct typing *t)
{
	for (node_id n = 0; n < t->heap->nr_objects; n++)
		if (t->blocks->kind[n] == HC_KIND_ARENA)
			t->heap->owner[n] = NODE_NONE;
}

/* Passes that look up every word of every block: they may take longer than all the others. */
static bool is_worth_searching(const struct heap *h)
{
	_cleanup_free_ char *note = NULL;

	if (h->nr_objects <= SEARCHED_OBJECTS_MAX || h->private->options.thorough)
		return true;
	note = xasprintf("over %u blocks: those of no known type are not told by what leads to "
			 "them (--thorough)",
			 SEARCHED_OBJECTS_MAX);
	symbols_add_note(h->symbols, note);
	return false;
}

static void typing_run(struct typing *t, const struct progress *progress)
{
	struct heap *h = t->heap;
	const bool searches = is_worth_searching(h);

	content_look_ahead(t);
	progress_pass(progress, "bytes");
	native_begin(t);
	progress_pass(progress, "native begin");
	for (node_id n = 0; n < h->nr_objects; n++) {
		h->type[n] = typing_recognise(t, n);
		if (n % PROGRESS_OBJECTS == 0)
			progress_step(progress, "types", n, h->nr_objects);
	}
	progress_pass(progress, "recognisers");
	vtable_settle(t);
	progress_pass(progress, "vtables");
	container_settle(t);
	progress_pass(progress, "containers");
	sds_settle(t);
	progress_pass(progress, "sds");
	glib_settle(t);
	progress_pass(progress, "glib");
	arena_settle(t);
	progress_pass(progress, "arenas");
	pool_settle(t);
	progress_pass(progress, "pools");
	native_settle(t);
	progress_pass(progress, "native");
	hash_settle(t);
	progress_pass(progress, "hash tables");
	heap_sort_interiors(h);
	if (searches)
		counted_settle(t);
	progress_pass(progress, "counted");
	container_rename_types(h);
	container_offer_parts(h);
	native_offer_leaves(h);
	fold_apply(h, NULL);
	progress_pass(progress, "folding");
	if (searches)
		held_settle(t);
	progress_pass(progress, "held");
	progress_step(progress, "types", 1, 1);
}

void heap_keep(struct pieces_writer *w, const struct heap *h)
{
	outline_add(w, h);
	if (h->cpython)
		cpython_keep(w, h->cpython);
}

bool heap_recall(const struct pieces *p, struct heap *h)
{
	return outline_fill(p, h) && cpython_recall(p, h);
}

bool heap_is_complete(const struct heap *h)
{
	return !h->native || native_is_complete(h->native);
}

struct error *heap_open(const struct dump *d, const struct heap_options *options, struct heap **ret)
{
	struct heap *h = heap_create(d, options);
	const char *contents = dump_proc_text(d, "contents");
	size_t nr_attrs, nr_stacks;
	struct typing t = {
		.heap = h,
		.blocks = dump_blocks(d),
		.has_text = !contents || !strcmp(contents, "full"),
	};

	dump_attrs(d, &nr_attrs);
	dump_stacks(d, &nr_stacks);
	t.tag_types = xcalloc(nr_attrs + 1, sizeof(*t.tag_types));
	t.site_types = xcalloc(nr_stacks + 1, sizeof(*t.site_types));
	native_read_ahead(h);
	leave_out_arenas(&t);
	cpython_create(&t);
	progress_pass(heap_progress(h), "python");
	typing_run(&t, heap_progress(h));
	free(t.contents);
	free(t.tag_types);
	free(t.site_types);
	map_deinit(&t.vtables);
	map_deinit(&t.metaclasses);
	*ret = h;
	return NULL;
}
