/* SPDX-License-Identifier: MIT */
/*
 * Blocks one behind the other, each after its size (rt/first.h).  Room comes again at the end, and
 * all of it when no block is left.
 */
#include "rt/first.h"

#include <stdint.h>

#include "rt/jemalloc.h"
#include "rt/ban.h"

#define ROOM	  (32ul << 10)
#define BLOCK_MAX 4096ul

struct block {
	size_t size; /* rounded to 16 */
	size_t unused;
	char bytes[];
};
_Static_assert(sizeof(struct block) == 16, "blocks are aligned");

/* Invariant: nr blocks are in the first `used` bytes. */
static struct {
	char *start; /* NULL: not asked for yet */
	size_t used;
	uint32_t nr;
} first;

static struct block *block_of(const void *p)
{
	return (struct block *)((uint64_t)p - sizeof(struct block));
}

void *first_alloc(size_t size)
{
	const size_t rounded = ((size ? size : 1) + 15) & -16ul;

	if (size > BLOCK_MAX || (first.start && first.used + sizeof(struct block) + rounded > ROOM))
		return NULL;
	if (!first.start && !(first.start = private_region_map(ROOM)))
		return NULL;
	struct block *const b = (struct block *)(first.start + first.used);

	b->size = rounded;
	first.used += sizeof(*b) + rounded;
	first.nr++;
	return b->bytes;
}

bool first_has(const void *p)
{
	return first.start && (uint64_t)p - (uint64_t)first.start < ROOM;
}

size_t first_size(const void *p)
{
	return block_of(p)->size;
}

void first_free(void *p)
{
	struct block *const b = block_of(p);

	if (!--first.nr)
		first.used = 0;
	else if ((char *)p + b->size == first.start + first.used)
		first.used = (size_t)((char *)b - first.start);
}
