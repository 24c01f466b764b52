/* SPDX-License-Identifier: MIT */
/*
 * Hash-consed call stacks: node = (pc, parent), index from 1, parent < index; 0 is "no stack".
 * Lock-free and append-only; any thread, in a signal handler; the snapshot child reads it.
 *
 * Nodes come in chunks of 1 MB, mapped as the depot grows, so that a process with a limit on its
 * address space pays for what it uses. Invariant, with the gate closed: nodes 1 .. depot_nr() are
 * complete.
 */
#ifndef STACK_DEPOT_H
#define STACK_DEPOT_H

#include <stdbool.h>
#include <stdint.h>

#include "stack/growth.h"

#define DEPOT_NODES_MAX ((1u << 24) - 1) /* what live/record.h can name */

#define DEPOT_MEMO_MAX	  128
#define DEPOT_CACHE_SHIFT 12

struct depot_node {
	uint64_t pc;
	uint32_t parent;
	uint32_t next; /* hash chain */
};

/* Idempotent.  False where there is no memory: every intern gives 0 then. */
bool depot_init(void);

/* The node of pc under parent, made where it is new.  0 (counted stacks_depot_full) where there is
 * no room. */
uint32_t depot_intern(uint64_t pc, uint32_t parent);

/*
 * What its owner, one thread, has interned: the stack before, outermost frame first, since the next
 * one is much the same, and a direct-mapped cache of single nodes, since the table is too large for
 * the processor's.  Nodes are for ever, so nothing in it becomes wrong.
 *
 * Invariant: nodes[i] is that of the stack pcs[0 .. i].
 */
struct depot_memo {
	uint32_t nr;
	uint32_t nodes[DEPOT_MEMO_MAX];
	uint64_t pcs[DEPOT_MEMO_MAX];
	struct growth indices;
	struct {
		uint64_t pc;
		uint32_t parent, node; /* 0: empty */
	} cache[1u << DEPOT_CACHE_SHIFT];
};

/* depot_intern with a memo. */
uint32_t depot_intern_again(struct depot_memo *memo, uint64_t pc, uint32_t parent);

/* pcs[0] is the innermost frame, nr <= DEPOT_MEMO_MAX.  The node of the whole stack; 0 where any of
 * it found no room, or nr is 0. */
uint32_t depot_intern_stack(struct depot_memo *memo, const uint64_t *pcs, uint32_t nr);

/* How many nodes there are, and the node of index 1 .. that many. */
uint32_t depot_nr(void);
const struct depot_node *depot_get(uint32_t index);

#endif
