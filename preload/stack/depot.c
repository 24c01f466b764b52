/* SPDX-License-Identifier: MIT */
/*
 * The stack depot (stack/depot.h): an array of nodes in chunks, and a hash table of chains over it.
 *
 * A node is written first and then published as the new head of its chain; two threads that make
 * the same node at once may leave one complete but unlinked, which costs 16 bytes and nothing else.
 */
#include "stack/depot.h"

#include <heapcensus/dump_format.h>
#include <stddef.h>

#include "rt/count.h"
#include "rt/private.h"
#include "rt/ban.h"

#define CHUNK_SHIFT   16
#define CHUNK_NODES   (1u << CHUNK_SHIFT)
#define NR_CHUNKS     ((DEPOT_NODES_MAX >> CHUNK_SHIFT) + 1)
#define BUCKET_SHIFT  20
#define NR_BUCKETS    (1u << BUCKET_SHIFT)
#define FIRST_SHIFT   14 /* buckets for nodes of no parent: all that there are without stacks */
#define GROUP_SHIFT   11 /* ... and under each PARENTS */
#define PARENTS_SHIFT 10
#define SPREAD_SHIFT  18 /* native stacks under one Python frame, that share buckets */

/* Written by any thread that interns, with atomics; chunks and buckets only ever become non-null.
 */
static struct {
	uint32_t nr;	   /* nodes given out; index 0 is never used */
	uint32_t *buckets; /* NR_BUCKETS heads */
	struct depot_node *chunks[NR_CHUNKS];
} depot;

bool depot_init(void)
{
	if (!depot.buckets)
		depot.buckets = private_pages(NR_BUCKETS * sizeof(uint32_t));
	return depot.buckets;
}

static struct depot_node *get_node(uint32_t index)
{
	return __atomic_load_n(&depot.chunks[index >> CHUNK_SHIFT], __ATOMIC_ACQUIRE) +
	       index % CHUNK_NODES;
}

static uint64_t hash_node(uint64_t pc, uint32_t parent)
{
	return (pc ^ (uint64_t)parent << 40 ^ parent) * 0x9e3779b97f4a7c15;
}

/*
 * Children of parents that were made at about one time share some pages of the table, so that it
 * takes no more memory than the nodes, and what is looked up one after the other is near: a frame
 * calls from few places.  A node of both sorts of frames is near the others of its Python frame,
 * which calls few functions of C; where C code is most of the program, so that they are many, they
 * spread.
 */
static uint32_t *get_bucket(uint64_t pc, uint32_t parent)
{
	const uint64_t hash = hash_node(pc, parent);
	const bool is_both = (pc & (HC_STACK_PYTHON | HC_STACK_BOTH)) == HC_STACK_BOTH;
	const uint32_t group =
		is_both ? (HC_STACK_INDEX(pc) >> PARENTS_SHIFT) + (parent >> SPREAD_SHIFT)
			: parent >> PARENTS_SHIFT;
	const uint64_t bucket = parent ? (1u << FIRST_SHIFT) + (group << GROUP_SHIFT) +
						 (hash >> (64 - GROUP_SHIFT))
				       : hash >> (64 - FIRST_SHIFT);

	return &depot.buckets[bucket % NR_BUCKETS];
}

/* Searches the chain from head to (not including) end. */
static uint32_t find_in_chain(uint32_t head, uint32_t end, uint64_t pc, uint32_t parent)
{
	while (head != end) {
		const struct depot_node *node = get_node(head);

		if (node->pc == pc && node->parent == parent)
			return head;
		head = node->next;
	}
	return 0;
}

/* Two threads may map one chunk at once: the second gives its own back. */
static bool ensure_chunk(uint32_t index)
{
	struct depot_node **slot = &depot.chunks[index >> CHUNK_SHIFT];
	struct depot_node *none = NULL, *chunk;

	if (__atomic_load_n(slot, __ATOMIC_ACQUIRE))
		return true;
	chunk = private_pages(CHUNK_NODES * sizeof(*chunk));
	if (!chunk)
		return false;
	if (!__atomic_compare_exchange_n(slot, &none, chunk, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		private_pages_free(chunk, CHUNK_NODES * sizeof(*chunk));
	return true;
}

/* A new index whose node has memory, or 0. */
static uint32_t take_index(void)
{
	uint32_t nr = __atomic_load_n(&depot.nr, __ATOMIC_RELAXED);

	do {
		if (nr == DEPOT_NODES_MAX || !ensure_chunk(nr + 1))
			return 0;
	} while (!__atomic_compare_exchange_n(&depot.nr, &nr, nr + 1, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return nr + 1;
}

uint32_t depot_intern(uint64_t pc, uint32_t parent)
{
	uint32_t *bucket, head, found, index;
	struct depot_node *node;

	if (!depot.buckets)
		goto full;
	bucket = get_bucket(pc, parent);
	head = __atomic_load_n(bucket, __ATOMIC_ACQUIRE); /* pairs with the release below */
	found = find_in_chain(head, 0, pc, parent);
	if (found)
		return found;
	index = take_index();
	if (!index)
		goto full;
	node = get_node(index);
	*node = (struct depot_node){ .pc = pc, .parent = parent, .next = head };
	while (!__atomic_compare_exchange_n(bucket, &head, index, false, __ATOMIC_RELEASE,
					    __ATOMIC_ACQUIRE)) {
		found = find_in_chain(head, node->next, pc, parent);
		if (found)
			return found;
		node->next = head;
	}
	return index;
full:
	COUNT(stacks_depot_full);
	return 0;
}

uint32_t depot_intern_again(struct depot_memo *memo, uint64_t pc, uint32_t parent)
{
	typeof(memo->cache[0]) *const cached =
		&memo->cache[hash_node(pc, parent) >> (64 - DEPOT_CACHE_SHIFT) &
			     memo->indices.mask];

	if (cached->node && cached->pc == pc && cached->parent == parent)
		return cached->node;
	const uint32_t node = depot_intern(pc, parent);

	if (!cached->node)
		growth_note_use(&memo->indices, 1, (1u << DEPOT_CACHE_SHIFT) - 1);
	cached->pc = pc;
	cached->parent = parent;
	cached->node = node;
	return node;
}

uint32_t depot_intern_stack(struct depot_memo *memo, const uint64_t *pcs, uint32_t nr)
{
	uint32_t i = 0, node = 0;

	for (; i < nr && i < memo->nr && memo->pcs[i] == pcs[nr - 1 - i]; i++)
		node = memo->nodes[i];
	/* What the memo has beyond that is of no stack any more. */
	for (; i < nr; i++) {
		memo->nr = i;
		node = depot_intern_again(memo, pcs[nr - 1 - i], node);
		if (!node)
			return 0;
		memo->pcs[i] = pcs[nr - 1 - i];
		memo->nodes[i] = node;
		memo->nr = i + 1;
	}
	return node;
}

uint32_t depot_nr(void)
{
	return __atomic_load_n(&depot.nr, __ATOMIC_RELAXED);
}

const struct depot_node *depot_get(uint32_t index)
{
	return get_node(index);
}
