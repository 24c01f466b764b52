/* SPDX-License-Identifier: MIT */
/*
 * Counts, for each function that would be a site, the callers and sizes of the blocks that it
 * returned.  A function that debug information says to return a structure makes that structure; one
 * that returns void * need not have many callers.
 */
#include "typing/native/wrapper.h"

#include <stdlib.h>

#include "base/mem.h"
#include "heap/stack.h"
#include "heap/symbol.h"
#include "typing/native/debug.h"
#include "typing/native/flow.h"

#define FRAMES_MAX     16 /* wrappers are not nested deeper */
#define ROUNDS_MAX     4  /* those that are called by others that were found */
#define CALLERS_MIN    8
#define SIZES_MIN      8
#define SIZES_MIN_VOID 3

/* A function, by its name. */
struct candidate {
	uint64_t pc; /* one that it goes on at */
	uint32_t nr_callers, nr_sizes;
	uint32_t nr_returned, nr_kept; /* pairs of a stack and a size */
};

struct search {
	struct native *native;
	struct map candidates; /* (interned name, 0) -> index in items */
	struct candidate *items;
	size_t nr, room;
	struct map pairs;    /* (stack, size) -> 1 */
	struct map callers;  /* (candidate, return address) -> 1 */
	struct map sizes;    /* (candidate, size) -> 1 */
	struct map returned; /* (return address, 0) -> is the call's result returned */
};

/* True: it was not in the set. */
static bool set_add(struct map *m, uint64_t a, uint64_t b)
{
	uint64_t *slot = map_find_or_insert(m, a, b);
	const bool is_new = *slot == MAP_EMPTY;

	*slot = 1;
	return is_new;
}

static size_t candidate_get(struct search *s, uint64_t pc)
{
	const char *name = symbols_name_caller(s->native->heap->symbols, pc);
	uint64_t *slot = map_find_or_insert(&s->candidates, (uintptr_t)name, 0);

	if (*slot == MAP_EMPTY) {
		*slot = s->nr;
		s->items = array_grow(s->items, s->nr, &s->room, sizeof(*s->items));
		s->items[s->nr++] = (struct candidate){ .pc = pc };
	}
	return *slot;
}

static bool is_returned(struct search *s, uint64_t pc)
{
	uint64_t *slot = map_find_or_insert(&s->returned, pc, 0);

	if (*slot == MAP_EMPTY)
		*slot = flow_follow(s->native, pc, NULL, NULL);
	return *slot;
}

static void count(struct search *s, uint64_t pc, uint64_t caller, uint64_t size)
{
	const size_t index = candidate_get(s, pc);
	struct candidate *c = &s->items[index];

	if (!is_returned(s, pc)) {
		c->nr_kept++;
		return;
	}
	c->nr_returned++;
	c->nr_callers += set_add(&s->callers, index, caller);
	c->nr_sizes += set_add(&s->sizes, index, size);
}

static void count_stack(struct search *s, uint32_t stack, uint64_t size)
{
	struct heap *h = s->native->heap;
	size_t nr;
	const struct hc_stack_node *nodes = dump_stacks(h->dump, &nr);
	uint32_t node = heap_find_native(h, stack);

	for (int depth = 0; depth < FRAMES_MAX && node; depth++, node = nodes[node].parent) {
		const uint32_t parent = nodes[node].parent;

		if (!symbols_has_file(h->symbols, nodes[node].pc - 1))
			return;
		if (heap_is_wrapper(h, nodes[node].pc))
			continue;
		if (parent)
			count(s, nodes[node].pc, nodes[parent].pc, size);
		return;
	}
}

static bool is_wrapper(struct native *n, const struct candidate *c)
{
	const struct ctype *type;

	if (c->nr_kept * 4 > c->nr_returned || c->nr_sizes < SIZES_MIN_VOID)
		return false;
	type = debug_find_return_type(n, c->pc);
	if (type && ctype_is_pointer(type) && type->target->kind == CTYPE_VOID)
		return true;
	if (type && (!ctype_is_pointer(type) || type->target->kind != CTYPE_CHAR))
		return false;
	return c->nr_callers >= CALLERS_MIN && c->nr_sizes >= SIZES_MIN;
}

static bool find_round(struct native *n)
{
	const struct dump_blocks *blocks = dump_blocks(n->heap->dump);
	struct search s = { .native = n };
	bool found = false;

	for (node_id i = 0; i < n->heap->nr_objects; i++) {
		if (blocks->kind[i] != HC_KIND_PYTHON && blocks->stack[i] &&
		    set_add(&s.pairs, blocks->stack[i], blocks->size[i]))
			count_stack(&s, blocks->stack[i], blocks->size[i]);
	}
	for (size_t i = 0; i < s.nr; i++) {
		if (!is_wrapper(n, &s.items[i]))
			continue;
		heap_add_wrapper(n->heap, s.items[i].pc);
		found = true;
	}
	free(s.items);
	map_deinit(&s.candidates);
	map_deinit(&s.pairs);
	map_deinit(&s.callers);
	map_deinit(&s.sizes);
	map_deinit(&s.returned);
	return found;
}

void wrapper_find_all(struct native *n)
{
	for (int round = 0; round < ROUNDS_MAX && find_round(n); round++)
		;
}
