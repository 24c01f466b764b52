/* SPDX-License-Identifier: MIT */
/*
 * byid: every object is a row of its own, named by its address.  Nothing is kept an object: kinds
 * are node ids.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "partition/rules.h"

struct byid {
	struct classifier base;
	const struct heap *heap;
	char name[2 + 16 + 1];
};

static uint32_t classify(struct classifier *c, node_id n)
{
	(void)c;
	return n;
}

static const char *name(struct classifier *c, uint32_t kind)
{
	struct byid *b = (struct byid *)c;

	snprintf(b->name, sizeof(b->name), "0x%" PRIx64, object_addr(b->heap, kind));
	return b->name;
}

static int nr_digits(uint64_t addr)
{
	return addr ? (67 - __builtin_clzll(addr)) / 4 : 1;
}

/* Bytewise order of the hexadecimal names: as if both were written to the same length, then the
 * shorter first. */
static int compare(struct classifier *c, uint32_t a, uint32_t b)
{
	const struct byid *byid = (struct byid *)c;
	uint64_t x = object_addr(byid->heap, a), y = object_addr(byid->heap, b);
	const int more = nr_digits(x) - nr_digits(y);

	if (more > 0)
		y <<= 4 * more;
	else
		x <<= -4 * more;
	return x == y ? more : x < y ? -1 : 1;
}

static void destroy(struct classifier *c)
{
	free(c);
}

struct classifier *partition_create_byid(struct heap *h)
{
	struct byid *b = xcalloc(1, sizeof(*b));

	b->base = (struct classifier){
		1, "Address", classify, name, compare, destroy, .by_id = true
	};
	b->heap = h;
	return &b->base;
}
