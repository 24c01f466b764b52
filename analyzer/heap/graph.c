/* SPDX-License-Identifier: MIT */
/*
 * Edges: one scan over every word of every object and root by a few threads, each over its own span
 * of nodes, into growing arrays; then the spans are put together and turned round by a counting
 * sort.  While threads run, dump and heap are only read, apart from out_first, of which each thread
 * writes its own nodes' entries.
 */
#include "heap/graph.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "heap/ahead.h"
#include "heap/fold.h"

#define SPAN_BYTES_MIN (16u << 20) /* less is not worth a thread */
#define WORDS_MAX \
	((uint64_t)EDGE_INTERIOR) /* an edge has 31 bits for its word: 16 GB of one block */
#define PROGRESS_NODES 65536

struct scan {
	struct heap *h;
	const struct progress *progress; /* of the first span only */
	node_id first, last;		 /* nodes [first, last) */
	node_id node;			 /* at hand */
	const struct root *root;	 /* the node at hand; NULL: it is none */
	const struct type_ops *ops;	 /* of the object at hand; NULL: none */
	bool is_chosen;			 /* only words are looked at that its type has chosen */
	uint64_t low, high;		 /* every object lies in [low, high) */
	node_id *to;
	uint32_t *offset;
	size_t nr, room;
};

static void scan_add_edge(struct scan *s, node_id to, uint32_t offset)
{
	if (s->nr == s->room) {
		s->room = s->room ? s->room * 2 : 4096;
		s->to = xrealloc(s->to, s->room, sizeof(*s->to));
		s->offset = xrealloc(s->offset, s->room, sizeof(*s->offset));
	}
	s->to[s->nr] = to;
	s->offset[s->nr++] = offset;
}

bool graph_is_free_link(const struct root *r, const struct dump_blocks *b, node_id to,
			uint64_t word)
{
	return r->has_free_lists && word != b->addr[to] && b->addr[to] + b->size[to] - word <= 8;
}

/* An object's words that lead to its own tables say nothing. */
static bool scan_is_edge(const struct scan *s, uint64_t offset, uint64_t word, node_id to)
{
	const struct heap *h = s->h;

	if (h->owner[to] == NODE_NONE)
		return false;
	if (node_is_root(h, s->node))
		return !h->root_ops || h->root_ops->is_edge(h, s->node, offset, to);
	if (h->owner[to] != to && h->owner[to] == h->owner[s->node])
		return false;
	if (s->is_chosen)
		return s->ops->is_target(h, s->node, word, to);
	return !s->ops || !s->ops->is_edge || s->ops->is_edge(h, s->node, offset, to);
}

/* The words of [start, end), byte offsets into bytes; both multiples of 8. */
static void scan_known_words(struct scan *s, const uint8_t *bytes, uint64_t start, uint64_t end)
{
	const struct dump *d = s->h->dump;
	const struct dump_blocks *b = dump_blocks(d);

	for (uint64_t offset = start; offset < end; offset += 8) {
		uint64_t word;

		memcpy(&word, bytes + offset, sizeof(word));
		if (word - s->low >= s->high - s->low)
			continue;

		const uint32_t to = dump_find_block(d, word);

		/* What stands in front of an object is its allocator's or collector's. */
		if (to == UINT32_MAX || word < object_addr(s->h, to) ||
		    (s->root && graph_is_free_link(s->root, b, to, word)) ||
		    !scan_is_edge(s, offset, word, to))
			continue;
		scan_add_edge(s, s->h->owner[to],
			      (uint32_t)(offset / 8) |
				      (word == object_addr(s->h, to) && !fold_is_part(s->h, to)
					       ? 0
					       : EDGE_INTERIOR));
	}
}

static void scan_chosen_words(struct scan *s, const uint8_t *bytes, const struct edge_words *w)
{
	if (w->lone != EDGE_WORDS_NONE)
		scan_known_words(s, bytes, w->lone, w->lone + 8);
	if (!w->skip) {
		scan_known_words(s, bytes, w->first, w->end);
		return;
	}
	for (uint64_t at = w->first; at < w->end; at += w->stride)
		scan_known_words(s, bytes, at + w->skip, at + w->stride);
}

/* The same of object n, without the pages that were never written: a block may be far larger than
 * its contents. */
static void scan_words(struct scan *s, node_id n, const uint8_t *bytes, uint64_t start,
		       uint64_t end)
{
	uint64_t first, last;

	while (start < end && dump_next_contents(s->h->dump, n, start, &first, &last)) {
		first = first / 8 * 8;
		last = (last + 7) / 8 * 8;
		scan_known_words(s, bytes, first < start ? start : first, last < end ? last : end);
		start = last;
	}
}

static bool has_pointers(const struct heap *h, node_id n)
{
	return h->owner[n] != NODE_NONE && !(object_type(h, n)->flags & TYPE_NO_POINTERS);
}

/* Python's objects lead to what was made with them, so looking ahead costs more than it saves. */
static bool is_scattered(const struct heap *h, node_id n)
{
	return has_pointers(h, n) && object_type(h, n)->provenance != PROVENANCE_CPYTHON;
}

/* Are all bytes of block n there, and its own? */
static bool is_plain(const struct scan *s, node_id n)
{
	const struct dump_blocks *b = dump_blocks(s->h->dump);
	uint64_t first, last;

	return (n + 1 == b->nr || b->parent[n + 1] != n) && b->size[n] / 8 <= WORDS_MAX &&
	       dump_next_contents(s->h->dump, n, 0, &first, &last) && !first && last == b->size[n];
}

/* The words of an object that are not those of a block inside it. */
static void scan_object(struct scan *s, node_id n)
{
	const struct dump_blocks *b = dump_blocks(s->h->dump);
	const uint64_t end = b->size[n] / 8 < WORDS_MAX ? b->size[n] / 8 * 8 : WORDS_MAX * 8;
	const uint8_t *bytes;
	struct edge_words words;
	uint64_t offset = 0;

	if (!end || !has_pointers(s->h, n))
		return;
	bytes = dump_block_bytes(s->h->dump, n);
	if (!bytes)
		return;
	s->ops = object_type(s->h, n)->ops;
	s->is_chosen = s->ops && s->ops->edge_words && is_plain(s, n) &&
		       s->ops->edge_words(s->h, n, &words);
	if (s->is_chosen) {
		scan_chosen_words(s, bytes, &words);
		return;
	}
	for (node_id inner = n + 1;
	     inner < b->nr && b->addr[inner] - b->addr[n] < end && offset < end; inner++) {
		const uint64_t inner_start = (b->addr[inner] - b->addr[n]) / 8 * 8;

		if (b->parent[inner] != n)
			continue;
		if (inner_start > offset)
			scan_words(s, n, bytes, offset, inner_start);
		offset = (b->addr[inner] - b->addr[n] + b->size[inner] + 7) / 8 * 8;
	}
	if (offset < end)
		scan_words(s, n, bytes, offset, end);
}

static void scan_span(struct scan *s)
{
	struct heap *h = s->h;

	for (node_id n = s->first; n < s->last; n++) {
		const size_t before = s->nr;

		heap_look_ahead(h, n, is_scattered);
		s->node = n;
		if (node_is_root(h, n)) {
			const struct root *r = &h->roots[n - h->nr_objects];

			s->root = r;
			scan_known_words(s, r->bytes, 0,
					 (r->size / 8 < WORDS_MAX ? r->size / 8 : WORDS_MAX) * 8);
		} else {
			s->root = NULL;
			scan_object(s, n);
		}
		h->out_first[n + 1] = s->nr - before;
		if (s->progress && n % PROGRESS_NODES == 0)
			progress_step(s->progress, "references", n - s->first, s->last - s->first);
	}
}

static uint64_t node_bytes(const struct heap *h, node_id n)
{
	return node_is_root(h, n) ? h->roots[n - h->nr_objects].size : block_size(h, n) + 16;
}

/* Cuts the nodes into spans of about equal bytes; returns how many. */
static unsigned int scan_cut_spans(struct heap *h, struct scan *spans)
{
	const struct dump_blocks *b = dump_blocks(h->dump);
	uint64_t total = 0, high = 0, done = 0;

	for (node_id n = 0; n < h->nr_nodes; n++)
		total += node_bytes(h, n);
	for (node_id n = 0; n < h->nr_objects; n++) {
		if (b->addr[n] + b->size[n] >= high)
			high = b->addr[n] + b->size[n] + 1;
	}

	unsigned int wanted = total / SPAN_BYTES_MIN + 1;
	unsigned int nr = 0;

	if (wanted > parallel_threads())
		wanted = parallel_threads();
	for (node_id n = 0; n < h->nr_nodes; n++) {
		if (!n || (nr < wanted && done >= total / wanted * nr))
			spans[nr++] = (struct scan){
				.h = h, .first = n, .low = b->nr ? b->addr[0] : 0, .high = high
			};
		spans[nr - 1].last = n + 1;
		done += node_bytes(h, n);
	}
	return nr;
}

static void scan_one(void *arg, unsigned int worker, uint64_t i, uint64_t end)
{
	struct scan *spans = arg;

	(void)worker, (void)end;
	scan_span(&spans[i]);
}

static void scan_run(struct scan *spans, unsigned int nr, const struct progress *progress)
{
	if (nr)
		spans[0].progress = progress;
	parallel_for(nr, 1, scan_one, spans);
}

/* out_first from counts to starts, and the spans' edges behind each other. */
static void graph_join_spans(struct heap *h, struct scan *spans, unsigned int nr)
{
	uint64_t at = 0;

	for (node_id n = 0; n < h->nr_nodes; n++)
		h->out_first[n + 1] += h->out_first[n];
	h->nr_edges = h->out_first[h->nr_nodes];
	if (nr) { /* the first span's arrays grow in place */
		h->out_to = xrealloc(spans[0].to, h->nr_edges + 1, sizeof(*h->out_to));
		h->out_offset = xrealloc(spans[0].offset, h->nr_edges + 1, sizeof(*h->out_offset));
		at = spans[0].nr;
	}
	for (unsigned int i = 1; i < nr; i++) {
		if (spans[i].nr) {
			memcpy(h->out_to + at, spans[i].to, spans[i].nr * sizeof(*h->out_to));
			memcpy(h->out_offset + at, spans[i].offset,
			       spans[i].nr * sizeof(*h->out_offset));
		}
		at += spans[i].nr;
		free(spans[i].to);
		free(spans[i].offset);
	}
}

/* Each counts and deals out the edges to its own targets, so that all of them look at all edges. */
static void count_targets(void *arg, unsigned int worker, uint64_t first, uint64_t end)
{
	struct heap *h = arg;

	(void)worker;
	for (uint64_t e = 0; e < h->nr_edges; e++)
		if (h->out_to[e] - first < end - first)
			h->in_first[h->out_to[e] + 1]++;
}

static void deal_out(void *arg, unsigned int worker, uint64_t first, uint64_t end)
{
	struct heap *h = arg;

	(void)worker;
	for (node_id n = 0; n < h->nr_nodes; n++) {
		for (uint64_t e = h->out_first[n]; e < h->out_first[n + 1]; e++) {
			if (h->out_to[e] - first >= end - first)
				continue;

			const uint64_t k = h->in_first[h->out_to[e]]++;

			h->in_from[k] = n;
			h->in_offset[k] = h->out_offset[e];
		}
	}
}

/* in_* from out_*.  Sources are visited in order, so each target's edges come out by source, then
 * offset. */
static void graph_turn_round(struct heap *h)
{
	const uint64_t share = h->nr_objects / parallel_threads() + 1;

	h->in_from = xcalloc(h->nr_edges + 1, sizeof(*h->in_from));
	h->in_offset = xcalloc(h->nr_edges + 1, sizeof(*h->in_offset));
	parallel_for(h->nr_objects, share, count_targets, h);
	for (node_id n = 0; n < h->nr_objects; n++)
		h->in_first[n + 1] += h->in_first[n];
	parallel_for(h->nr_objects, share, deal_out, h);
	/* Every start has moved to its end, which is the next one's start. */
	memmove(h->in_first + 1, h->in_first, h->nr_objects * sizeof(*h->in_first));
	h->in_first[0] = 0;
}

static bool is_exact(struct heap *h, node_id from, uint32_t offset)
{
	const enum edge_kind kind = heap_edge_kind(h, from, offset);

	return kind == EDGE_KIND_EXACT || kind == EDGE_KIND_INTERIOR;
}

static void graph_keep_exact(struct heap *h)
{
	uint64_t e = 0, kept = 0;

	for (node_id n = 0; n < h->nr_nodes; n++) {
		for (const uint64_t end = h->out_first[n + 1]; e < end; e++) {
			if (!is_exact(h, n, h->out_offset[e]))
				continue;
			h->out_to[kept] = h->out_to[e];
			h->out_offset[kept++] = h->out_offset[e];
		}
		h->out_first[n + 1] = kept;
	}
	h->nr_left_out = h->nr_edges - kept;
	h->nr_edges = kept;
}

struct error *graph_create(struct heap *h, bool exact_edges, const struct progress *progress)
{
	struct scan spans[PARALLEL_MAX];

	if (!dump_has_contents(h->dump))
		return error_create("%s: no contents in this dump (contents=none), so nothing is "
				    "known about references",
				    dump_path(h->dump));
	h->out_first = xcalloc(h->nr_nodes + 1ul, sizeof(*h->out_first));
	h->in_first = xcalloc(h->nr_objects + 1ul, sizeof(*h->in_first));

	const unsigned int nr = scan_cut_spans(h, spans);

	scan_run(spans, nr, progress);
	progress_pass(progress, "scan for edges");
	graph_join_spans(h, spans, nr);
	progress_pass(progress, "edges by source");
	if (exact_edges)
		graph_keep_exact(h);
	progress_step(progress, "references", 9, 10);
	graph_turn_round(h);
	progress_step(progress, "references", 1, 1);
	progress_pass(progress, "edges by target");
	return NULL;
}

void graph_deinit(struct heap *h)
{
	free(h->out_first);
	free(h->out_to);
	free(h->out_offset);
	free(h->in_first);
	free(h->in_from);
	free(h->in_offset);
}
