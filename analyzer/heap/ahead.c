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
#define WORDS_MAX  16	   /* of each block */
#define SMALL_HEAP 200000u /* objects: all is in the caches anyway */

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

static void look_at(const struct heap *h, node_id n,
		    void (*expect)(const struct heap *h, const uint8_t *bytes, uint64_t nr))
{
	const uint8_t *bytes = n < h->nr_objects ? dump_block_bytes(h->dump, n) : NULL;

	if (bytes) {
		const uint64_t nr = block_size(h, n) / 8;

		expect(h, bytes, nr < WORDS_MAX ? nr : WORDS_MAX);
	}
}

void heap_look_ahead(const struct heap *h, node_id n)
{
	if (h->nr_objects < SMALL_HEAP)
		return;
	look_at(h, n + FAR, expect_lookups);
	look_at(h, n + NEAR, expect_blocks);
}
