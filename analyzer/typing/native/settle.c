/* SPDX-License-Identifier: MIT */
/*
 * After the recognisers that look at one block: what the debug information of the sites says of
 * blocks that have no more than a label so far, what follows from that, and what most blocks of a
 * site and size are.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "heap/symbol.h"
#include "typing/native/block.h"
#include "typing/native/cache.h"
#include "typing/native/debug.h"
#include "typing/native/family.h"
#include "typing/native/family_key.h"
#include "typing/native/inner.h"
#include "typing/native/inside.h"
#include "typing/native/native.h"
#include "typing/native/polymorphic.h"
#include "typing/native/propagate.h"
#include "typing/native/site.h"
#include "typing/native/wrapper.h"
#include "typing/recogniser.h"

#define TYPED_MIN	 2    /* one in so many of the blocks of a site must have a type */
#define BLIND_MIN	 4    /* ... of a wrapper */
#define OTHERS_MAX	 50   /* one in so many of the typed ones may be something else */
#define LARGE_MIN	 1024 /* few types share such a size */
#define LARGE_TYPED_MIN	 8
#define GUESS_ROUNDS_MAX 4 /* what one found tells the next */

/* Each is asked: what one module declares, another may define. */
static bool has_types(struct native *n)
{
	bool has = false;

	for (size_t i = 0; i < n->nr_modules; i++)
		has |= debug_has_types(n, i);
	return has;
}

static enum belief believe_site(const struct site_type *found)
{
	if (found->site->has_tails &&
	    (found->fit == CTYPE_FIT_TAIL || found->fit == CTYPE_FIT_MANY))
		return BELIEF_HEADER;
	if (found->is_bytes)
		return BELIEF_BYTES;
	if (found->fit == CTYPE_FIT_TAIL)
		return BELIEF_PREFIX;
	return found->is_sure ? BELIEF_SITE : BELIEF_ARRAY;
}

struct site_answer {
	bool is_known;
	struct site_type type;
};

static struct site_answer *answer_get(struct native *n, struct map *answers, uint32_t stack,
				      uint64_t size)
{
	uint64_t *slot = map_find_or_insert(answers, stack, size);

	if (*slot == MAP_EMPTY) {
		struct site_answer *a = native_alloc(n, 1, sizeof(*a));

		*slot = (uintptr_t)a;
		a->is_known = site_find_type(n, stack, size, &a->type);
		if (a->is_known && a->type.fit == CTYPE_FIT_TAIL)
			a->type.site->has_tails = true;
	}
	return (struct site_answer *)(uintptr_t)*slot;
}

static void settle_sites(struct native *n)
{
	const struct dump_blocks *blocks = dump_blocks(n->heap->dump);
	struct map answers = { 0 }; /* (stack, size) -> struct site_answer * */

	for (node_id i = 0; i < n->heap->nr_objects; i++) {
		if (block_is_open(n, i))
			answer_get(n, &answers, blocks->stack[i], blocks->size[i]);
	}
	for (node_id i = 0; i < n->heap->nr_objects; i++) {
		if (!block_is_open(n, i))
			continue;

		const struct site_answer *a =
			answer_get(n, &answers, blocks->stack[i], blocks->size[i]);

		if (a->is_known)
			block_believe(n, i, a->type.type, believe_site(&a->type),
				      !a->type.is_sure && a->type.fit != CTYPE_FIT_TAIL);
	}
	map_deinit(&answers);
}

/* What all typed blocks of a site and size are. */
struct consensus {
	const struct ctype *type; /* of most of them, if any is */
	uint64_t votes;		  /* more for it than against */
	uint64_t nr_right, nr_typed, nr;
};

/* One frame is known, and it only hands the block on: blocks of many sites look like one's. */
static bool is_blind(struct native *n, uint32_t stack)
{
	size_t nr;
	const struct hc_stack_node *nodes = dump_stacks(n->heap->dump, &nr);

	return !nodes[stack].parent && site_get_types(n, nodes[stack].pc)->is_returned;
}

static struct consensus *consensus_get(struct native *n, struct map *m, node_id i)
{
	const struct dump_blocks *blocks = dump_blocks(n->heap->dump);
	uint64_t *slot = map_find_or_insert(m, blocks->stack[i], blocks->size[i]);

	if (*slot == MAP_EMPTY)
		*slot = (uintptr_t)native_alloc(n, 1, sizeof(struct consensus));
	return (struct consensus *)(uintptr_t)*slot;
}

/* Few of a site's blocks are typed: they do not speak for the others, and a pointer to one of them
 * may be left from what was there before. */
static bool is_odd(struct native *n, node_id block, const struct consensus *c)
{
	const bool blind = is_blind(n, dump_blocks(n->heap->dump)->stack[block]);

	if (block_size(n->heap, block) >= LARGE_MIN && c->nr_typed >= LARGE_TYPED_MIN)
		return false;
	return c->nr_typed * (blind ? BLIND_MIN : TYPED_MIN) < c->nr;
}

static bool agrees(struct native *n, node_id block, const struct consensus *c)
{
	const uint8_t *bytes = dump_block_bytes(n->heap->dump, block);

	if (!bytes || is_odd(n, block, c))
		return false;
	return !ctype_is_record(c->type) ||
	       family_compare(n, c->type, bytes, block_size(n->heap, block), 0) != FAMILY_NO;
}

static void agree(struct native *n, const struct consensus *c, node_id block)
{
	if (n->blocks[block].belief == BELIEF_NONE && c->type &&
	    (c->nr_typed - c->nr_right) * OTHERS_MAX <= c->nr_typed && agrees(n, block, c))
		block_believe(n, block, c->type, BELIEF_CONSENSUS, true);
}

static void doubt(struct native *n, const struct consensus *c, node_id block)
{
	if (n->blocks[block].belief == BELIEF_POINTED &&
	    !is_blind(n, dump_blocks(n->heap->dump)->stack[block]) && is_odd(n, block, c))
		n->blocks[block].is_guess = true;
}

typedef void consensus_fn(struct native *n, const struct consensus *c, node_id block);

/* What has most votes may have fewer than half: they are counted afterwards. */
static void vote(struct consensus *c, const struct native_block *b)
{
	c->nr++;
	if (b->belief == BELIEF_NONE)
		return;
	c->nr_typed++;
	if (!c->votes)
		c->type = b->type;
	c->votes += c->type == b->type ? 1 : -1ul;
}

static void settle_consensus(struct native *n, consensus_fn *fn)
{
	struct map m = { 0 };

	for (node_id i = 0; i < n->heap->nr_objects; i++) {
		if (block_is_open(n, i))
			vote(consensus_get(n, &m, i), &n->blocks[i]);
	}
	for (node_id i = 0; i < n->heap->nr_objects; i++) {
		const struct native_block *b = &n->blocks[i];

		if (!block_is_open(n, i))
			continue;

		struct consensus *c = consensus_get(n, &m, i);

		c->nr_right += b->type && b->type == c->type;
	}
	for (node_id i = 0; i < n->heap->nr_objects; i++) {
		if (block_is_open(n, i))
			fn(n, consensus_get(n, &m, i), i);
	}
	map_deinit(&m);
}

void native_read_ahead(struct heap *h)
{
	size_t nr_modules, nr = 0;
	const struct hc_module *modules = dump_modules(h->dump, &nr_modules);
	_cleanup_free_ uint32_t *wanted = xcalloc(nr_modules + 1, sizeof(*wanted));

	/* Backwards: who needs them goes forwards. */
	for (size_t i = nr_modules; i-- > 0;) {
		const struct dump_string id = dump_get_string(h->dump, modules[i].build_id);

		if (!cache_has(h, &id))
			wanted[nr++] = (uint32_t)i;
	}
	symbols_read_ahead(h->symbols, wanted, nr);
}

void native_begin(struct typing *t)
{
	t->heap->native = native_create(t->heap);
	t->heap->destroy_native = native_destroy;
	wrapper_find_all(t->heap->native);
}

void native_settle(struct typing *t)
{
	struct heap *h = t->heap;
	struct native *n = h->native;

	if (!h->nr_objects || !has_types(n))
		return;
	h->variable_name = native_variable_name;
	h->variable_use = native_variable_use;
	n->blocks = native_alloc(n, h->nr_objects, sizeof(*n->blocks));
	polymorphic_settle(n);
	settle_sites(n);
	propagate_run(n);
	for (int round = 0; round < GUESS_ROUNDS_MAX; round++) {
		/* Both: what is inside is no news after the next run. */
		if (!(family_settle(n) | inner_settle(n)))
			break;
		propagate_run(n);
	}
	settle_consensus(n, agree);
	propagate_run(n);
	settle_consensus(n, doubt);
	inside_settle(n);
	for (node_id i = 0; i < h->nr_objects; i++) {
		if (block_is_open(n, i))
			block_settle(n, i);
	}
}
