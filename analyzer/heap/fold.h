/* SPDX-License-Identifier: MIT */
/*
 * Parts: native blocks that count for the object that owns them, a vector's items, a list's nodes,
 * a text.  Recognisers offer them, with the word that leads to each; heap_open folds them when all
 * types are known.  A part of a part counts for the object at the end of the chain.
 *
 * held[n] of a part is the place of that word: block + 1 in the upper half, word in the lower.
 * The relations by which a part holds something are its owner's: what its type calls "[*].second"
 * is ".pages[*].second" (heap/relation.c).
 */
#ifndef HEAP_FOLD_H
#define HEAP_FOLD_H

#include "heap/heap.h"

#define FOLD_CONTESTED 1ull /* in held: two words claim it */

/*
 * Block `part` belongs to what lies at offset of block `holder`: for all nodes of a list or tree
 * that is the member of holder that the list is, not the node before.  Nothing is folded yet.  Who
 * offers says that the part is an internal of its owner's or a leaf; offers by two different words
 * cancel each other, and so does one from behind the first 32 GB of a block.
 */
void fold_offer(struct heap *h, node_id part, node_id holder, uint64_t offset);

/*
 * Folds what was offered, in whatever order.  Left as they are: what the program tagged, what has a
 * vtable or an object header of its own, parts of Python objects, and circles.  is_apart: parts
 * that stay objects, by block; NULL: none.  Again: as if for the first time.
 */
void fold_apply(struct heap *h, const bool *is_apart);

static inline bool fold_is_offered(const struct heap *h, node_id n)
{
	return h->held[n] > FOLD_CONTESTED;
}
/* Is the block a part that counts for another one? */
static inline bool fold_is_part(const struct heap *h, node_id n)
{
	return h->held && h->owner[n] != n && fold_is_offered(h, n);
}
static inline node_id fold_holder(const struct heap *h, node_id part)
{
	return (node_id)((h->held[part] >> 32) - 1);
}
/* In bytes, of the holder. */
static inline uint64_t fold_offset(const struct heap *h, node_id part)
{
	return (h->held[part] & UINT32_MAX) * 8;
}

#endif
