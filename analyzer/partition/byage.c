/* SPDX-License-Identifier: MIT */
/*
 * byage: age at the time of the dump, in buckets of powers of two seconds: under 1, 1 up to 2, 2 up
 * to 4 ...
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "partition/rules.h"

#define NR_BUCKETS 36 /* an age is below 2^64 ns, so below 2^35 s */

struct byage {
	struct classifier base;
	const struct heap *heap;
	char names[NR_BUCKETS][48];
};

static uint32_t classify(struct classifier *c, node_id n)
{
	const struct dump *d = ((struct byage *)c)->heap->dump;
	const uint64_t seconds = dump_age_ns(d, dump_blocks(d)->tick[n]) / 1000000000u;

	return seconds ? 64 - (uint32_t)__builtin_clzll(seconds) : 0;
}

static const char *name(struct classifier *c, uint32_t kind)
{
	return ((struct byage *)c)->names[kind];
}

static void destroy(struct classifier *c)
{
	free(c);
}

struct classifier *partition_create_byage(struct heap *h)
{
	struct byage *b = xcalloc(1, sizeof(*b));

	b->base = (struct classifier){ .refs = 1, "Age", classify, name, .destroy = destroy };
	b->heap = h;
	for (uint32_t i = 0; i < NR_BUCKETS; i++)
		snprintf(b->names[i], sizeof(b->names[i]), "%" PRIu64 "s .. %" PRIu64 "s",
			 i ? UINT64_C(1) << (i - 1) : 0, UINT64_C(1) << i);
	return &b->base;
}
