/* SPDX-License-Identifier: MIT */
/*
 * One pass over the words of typed blocks, and one over those of globals.
 */
#include "typing/native/fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/fold.h"
#include "heap/graph.h"
#include "heap/pages.h"

#define WORD_NONE UINT32_MAX

/* What is known of a leaf so far. */
struct leaf {
	node_id holder; /* NODE_NONE: none yet */
	uint32_t word;	/* in the holder, that leads to its start; WORD_NONE: none */
	bool is_leaf;
	bool is_shared;
};

struct leaves {
	struct heap *heap;
	struct leaf *of;     /* [nr_objects] */
	struct pages *pages; /* in which they lie */
};

/* The words [*from, *last) of block n that are not all zero, at *from or behind it; false: there
 * are none. */
static bool next_words(const struct heap *h, node_id n, uint64_t *from, uint64_t *last)
{
	uint64_t first;

	if (!dump_next_contents(h->dump, n, *from, &first, last))
		return false;
	*from = first / 8 * 8 < *from ? *from : first / 8 * 8;
	*last = (*last + 7) / 8 * 8;
	if (*last > block_size(h, n) / 8 * 8)
		*last = block_size(h, n) / 8 * 8;
	return *from < *last;
}

/* What is called bytes may be a pool, in which objects lie. */
static bool has_pointers(const struct heap *h, node_id n)
{
	const uint8_t *bytes = dump_block_bytes(h->dump, n);
	uint64_t last, word;

	if (object_type(h, n)->flags & TYPE_NO_POINTERS || !bytes)
		return false;
	for (uint64_t at = 0; next_words(h, n, &at, &last);) {
		for (; at < last; at += 8) {
			memcpy(&word, bytes + at, sizeof(word));
			if (word && dump_find_block(h->dump, word) != UINT32_MAX)
				return true;
		}
	}
	return false;
}

static bool is_leaf(const struct heap *h, node_id n)
{
	return node_is_object(h, n) && object_type(h, n)->flags & TYPE_LEAF && block_size(h, n) &&
	       !(h->held && h->held[n]) && !has_pointers(h, n);
}

/* Do types tell of any word that it is a pointer? */
static bool has_holders(const struct heap *h)
{
	for (uint32_t i = 0; i < h->nr_types; i++) {
		if (h->types[i].ops && h->types[i].ops->use)
			return true;
	}
	return false;
}

/* False: there are none. */
static bool leaves_find(struct leaves *l)
{
	const struct dump_blocks *b = dump_blocks(l->heap->dump);

	for (node_id n = 0; n < l->heap->nr_objects; n++) {
		if (!is_leaf(l->heap, n))
			continue;
		if (!l->of) {
			l->of = xcalloc(l->heap->nr_objects, sizeof(*l->of));
			l->pages = pages_create();
		}
		l->of[n] = (struct leaf){ NODE_NONE, WORD_NONE, true, false };
		pages_add(l->pages, b->addr[n], b->size[n]);
	}
	return l->of;
}

/* The leaf at or into which the word at offset of `from` points, if its type calls it a pointer. */
static struct leaf *find_leaf(const struct leaves *l, node_id from, uint64_t offset, uint64_t word)
{
	uint32_t to;

	if (!pages_may_have(l->pages, word))
		return NULL;
	to = dump_find_block(l->heap->dump, word);
	if (to == UINT32_MAX || to == from || !l->of[to].is_leaf || l->of[to].is_shared ||
	    heap_word_use(l->heap, from, offset) != WORD_POINTER)
		return NULL;
	return &l->of[to];
}

static void claim(const struct leaves *l, node_id from, uint64_t offset, uint64_t word)
{
	struct leaf *leaf = find_leaf(l, from, offset, word);

	if (!leaf)
		return;
	if ((leaf->holder != NODE_NONE && leaf->holder != from) ||
	    object_type(l->heap, from)->provenance == PROVENANCE_CPYTHON)
		leaf->is_shared = true;
	leaf->holder = from;
	if (leaf->word == WORD_NONE && word == object_addr(l->heap, (node_id)(leaf - l->of)))
		leaf->word = (uint32_t)(offset / 8);
}

static void scan_block(const struct leaves *l, node_id n)
{
	const struct type *type = object_type(l->heap, n);
	const uint8_t *bytes = dump_block_bytes(l->heap->dump, n);
	uint64_t last, word;

	if (!bytes || !type->ops || !type->ops->use || type->flags & TYPE_NO_POINTERS)
		return;
	for (uint64_t at = 0; next_words(l->heap, n, &at, &last) && at / 8 < WORD_NONE;) {
		for (; at < last; at += 8) {
			memcpy(&word, bytes + at, sizeof(word));
			claim(l, n, at, word);
		}
	}
}

static void scan_global(const struct leaves *l, node_id n)
{
	const struct root *root = &l->heap->roots[n - l->heap->nr_objects];

	if (root->kind != ROOT_GLOBAL)
		return;
	for (uint64_t offset = 0; offset + 8 <= root->size; offset += 8) {
		uint64_t word;
		struct leaf *leaf;

		memcpy(&word, root->bytes + offset, sizeof(word));
		leaf = find_leaf(l, n, offset, word);
		if (leaf && !graph_is_free_link(root, dump_blocks(l->heap->dump),
						(node_id)(leaf - l->of), word))
			leaf->is_shared = true;
	}
}

void native_offer_leaves(struct heap *h)
{
	struct leaves l = { .heap = h };

	if (!has_holders(h) || !leaves_find(&l))
		return;
	for (node_id n = 0; n < h->nr_objects; n++)
		scan_block(&l, n);
	for (node_id n = h->nr_objects; n < h->nr_nodes; n++)
		scan_global(&l, n);
	for (node_id n = 0; n < h->nr_objects; n++) {
		const struct leaf *leaf = &l.of[n];

		if (leaf->is_leaf && !leaf->is_shared && leaf->word != WORD_NONE)
			fold_offer(h, n, leaf->holder, leaf->word * 8ull);
	}
	free(l.pages);
	free(l.of);
}
