/* SPDX-License-Identifier: MIT */
/*
 * One walk over all words, as the graph's (heap/graph.c), but for a few targets and before types
 * say which words are references.
 */
#include "typing/pointed.h"

#include <string.h>

struct walk {
	const struct heap *heap;
	const uint8_t *wanted;
	uint64_t low, high; /* the wanted blocks lie in [low, high) */
	pointed_fn *fn;
	void *arg;
};

/* The words of [start, end), byte offsets into bytes; start is a multiple of 8. */
static void walk_words(const struct walk *w, node_id from, const uint8_t *bytes, uint64_t start,
		       uint64_t end)
{
	for (uint64_t offset = start; offset + 8 <= end; offset += 8) {
		uint64_t word;

		memcpy(&word, bytes + offset, sizeof(word));
		if (word - w->low >= w->high - w->low)
			continue;

		const uint32_t to = dump_find_block(w->heap->dump, word);

		if (to != UINT32_MAX && w->wanted[to])
			w->fn(w->arg, from, to, word - dump_blocks(w->heap->dump)->addr[to]);
	}
}

static void walk_block(const struct walk *w, node_id n)
{
	const struct dump *d = w->heap->dump;
	const uint8_t *bytes = dump_block_bytes(d, n);
	uint64_t start, end;

	if (!bytes || object_type(w->heap, n)->flags & TYPE_NO_POINTERS)
		return;
	for (uint64_t from = 0; dump_next_contents(d, n, from, &start, &end); from = end)
		walk_words(w, n, bytes, start / 8 * 8, end);
}

void pointed_each(const struct heap *h, const uint8_t *wanted, pointed_fn *fn, void *arg)
{
	const struct dump_blocks *b = dump_blocks(h->dump);
	struct walk w = { h, wanted, UINT64_MAX, 0, fn, arg };

	for (node_id n = 0; n < h->nr_objects; n++) {
		if (!wanted[n])
			continue;
		if (b->addr[n] < w.low)
			w.low = b->addr[n];
		if (b->addr[n] + b->size[n] > w.high)
			w.high = b->addr[n] + b->size[n];
	}
	if (w.low >= w.high)
		return;
	for (node_id n = 0; n < h->nr_objects; n++)
		walk_block(&w, n);
	for (uint32_t i = 0; i < h->nr_roots; i++)
		walk_words(&w, h->nr_objects + i, h->roots[i].bytes, 0, h->roots[i].size);
}
