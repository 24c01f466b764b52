/* SPDX-License-Identifier: MIT */
/*
 * One walk over all words, as the graph's (heap/graph.c), but for a few targets and before types
 * say which words are references.
 */
#include "typing/pointed.h"

#include <string.h>

#include "base/mem.h"
#include "heap/pages.h"

struct walk {
	const struct heap *heap;
	const uint8_t *wanted;
	const struct pages *pages; /* of the wanted blocks */
	pointed_fn *fn;
	void *arg;
};

/* The words of [start, end), byte offsets into p->bytes; start is a multiple of 8. */
static void walk_words(const struct walk *w, struct pointed *p, uint64_t start, uint64_t end)
{
	for (p->at = start; p->at + 8 <= end; p->at += 8) {
		uint64_t word;

		memcpy(&word, p->bytes + p->at, sizeof(word));
		if (!pages_may_have(w->pages, word))
			continue;

		p->to = dump_find_block(w->heap->dump, word);
		if (p->to == NODE_NONE || !w->wanted[p->to])
			continue;
		p->offset = word - dump_blocks(w->heap->dump)->addr[p->to];
		w->fn(w->arg, p);
	}
}

static void walk_block(const struct walk *w, node_id n)
{
	const struct dump *d = w->heap->dump;
	struct pointed p = {
		.from = n,
		.bytes = dump_block_bytes(d, n),
		.size = block_size(w->heap, n),
	};
	uint64_t start, end;

	if (!p.bytes || object_type(w->heap, n)->flags & TYPE_NO_POINTERS)
		return;
	for (uint64_t from = 0; dump_next_contents(d, n, from, &start, &end); from = end)
		walk_words(w, &p, start / 8 * 8, end);
}

void pointed_each(const struct heap *h, const uint8_t *wanted, pointed_fn *fn, void *arg)
{
	const struct dump_blocks *b = dump_blocks(h->dump);
	_cleanup_free_ struct pages *pages = pages_create();
	const struct walk w = { h, wanted, pages, fn, arg };

	for (node_id n = 0; n < h->nr_objects; n++)
		if (wanted[n])
			pages_add(pages, b->addr[n], b->size[n]);
	if (pages->low > pages->high)
		return;
	for (node_id n = 0; n < h->nr_objects; n++)
		walk_block(&w, n);
	for (uint32_t i = 0; i < h->nr_roots; i++) {
		struct pointed p = {
			.from = h->nr_objects + i,
			.bytes = h->roots[i].bytes,
			.size = h->roots[i].size,
		};

		walk_words(&w, &p, 0, p.size);
	}
}
