/* SPDX-License-Identifier: MIT */
/*
 * Kinds by allocating stack, cached an entry a stack.
 */
#include "partition/bystack.h"

#include <stdlib.h>

#include "base/mem.h"
#include "partition/kinds.h"

struct bystack {
	struct classifier base;
	struct heap *heap;
	stack_name_fn *stack_name;
	const char *missing;
	struct kinds kinds;
	uint32_t *kind_of; /* [stack]: kind + 1, 0 where it is not known yet */
};

static uint32_t classify(struct classifier *c, node_id n)
{
	struct bystack *b = (struct bystack *)c;
	const uint32_t stack = dump_blocks(b->heap->dump)->stack[n];

	if (!b->kind_of[stack]) {
		const char *text = b->stack_name(b->heap, stack);

		b->kind_of[stack] = kinds_get_name(&b->kinds, *text ? text : b->missing) + 1;
	}
	return b->kind_of[stack] - 1;
}

static const char *name(struct classifier *c, uint32_t kind)
{
	return kinds_name(&((struct bystack *)c)->kinds, kind);
}

static void destroy(struct classifier *c)
{
	struct bystack *b = (struct bystack *)c;

	kinds_deinit(&b->kinds);
	free(b->kind_of);
	free(b);
}

struct classifier *partition_create_bystack(struct heap *h, const char *header,
					    stack_name_fn *stack_name, const char *missing)
{
	struct bystack *b = xcalloc(1, sizeof(*b));
	size_t nr_stacks;

	dump_stacks(h->dump, &nr_stacks);
	b->base = (struct classifier){ .refs = 1, header, classify, name, .destroy = destroy };
	b->heap = h;
	b->stack_name = stack_name;
	b->missing = missing;
	b->kind_of = xcalloc(nr_stacks + 1, sizeof(*b->kind_of));
	return &b->base;
}
