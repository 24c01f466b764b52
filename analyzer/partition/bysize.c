/* SPDX-License-Identifier: MIT */
/*
 * bysize: the requested size.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "partition/kinds.h"
#include "partition/rules.h"

struct bysize {
	struct classifier base;
	const struct heap *heap;
	struct kinds kinds;
	char names[2][24];
};

static uint32_t classify(struct classifier *c, node_id n)
{
	struct bysize *b = (struct bysize *)c;

	return kinds_get(&b->kinds, object_size(b->heap, n));
}

static const char *format(struct bysize *b, int which, uint32_t kind)
{
	snprintf(b->names[which], sizeof(b->names[which]), "%9" PRIu64, b->kinds.keys[kind]);
	return b->names[which];
}

static const char *name(struct classifier *c, uint32_t kind)
{
	return format((struct bysize *)c, 0, kind);
}

static int compare(struct classifier *c, uint32_t x, uint32_t y)
{
	struct bysize *b = (struct bysize *)c;

	return strcmp(format(b, 0, x), format(b, 1, y));
}

static void destroy(struct classifier *c)
{
	kinds_deinit(&((struct bysize *)c)->kinds);
	free(c);
}

struct classifier *partition_create_bysize(struct heap *h)
{
	struct bysize *b = xcalloc(1, sizeof(*b));

	b->base = (struct classifier){ 1, "Individual Size", classify, name, compare, destroy };
	b->heap = h;
	return &b->base;
}
