/* SPDX-License-Identifier: MIT */
/*
 * Two steps, each far enough before the next one that its memory has come by then: the index of
 * addresses for the words of a block that is far off, and what is known of the blocks that they
 * lead to for one that is nearer.
 */
#include "heap/ahead.h"

#include "base/word.h"

#define FAR	   16 /* blocks */
#define NEAR	   8
#define WORDS_MAX  16	    /* of each block */
#define SMALL_HEAP 150000u /* objects: what is asked about them fits into the caches */

static void expect_lookups(const struct heap *h, const uint8_t *bytes, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++)
		dump_expect_lookup(h->dump, load_word(bytes, i * 8));
}

static void expect_blocks(const struct heap *h, const uint8_t *bytes, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		const uint32_t to = dump_expect_block(h->dump, load_word(bytes, i * 8));

		if (to == UINT32_MAX)
			continue;
		__builtin_prefetch(&h->owner[to]);
		__builtin_prefetch(&h->head[to]);
		__builtin_prefetch(&h->type[to]);
	}
}

/* How many words of a block are looked at ahead; 0: it is passed over. */
static uint64_t nr_words(const struct heap *h, node_id n,
			 bool (*is_wanted)(const struct heap *h, node_id n))
{
	const uint64_t nr = n < h->nr_objects && is_wanted(h, n) ? block_size(h, n) / 8 : 0;

	return nr < WORDS_MAX ? nr : WORDS_MAX;
}

void heap_look_ahead(const struct heap *h, node_id n,
		     bool (*is_wanted)(const struct heap *h, node_id n))
{
	const uint8_t *bytes;
	uint64_t nr;

	if (h->nr_objects < SMALL_HEAP)
		return;
	nr = nr_words(h, n + FAR, is_wanted);
	bytes = nr ? dump_block_bytes(h->dump, n + FAR) : NULL;
	if (bytes)
		expect_lookups(h, bytes, nr);
	nr = nr_words(h, n + NEAR, is_wanted);
	bytes = nr ? dump_block_bytes(h->dump, n + NEAR) : NULL;
	if (bytes)
		expect_blocks(h, bytes, nr);
}
