/* SPDX-License-Identifier: MIT */
/*
 * Hash-consed call stacks: node = (pc, parent), index from 1, parent < index; 0 is "no stack".  Lock-free, append-only, reserved
 * at start (address space only), any thread, in a signal handler; the snapshot child reads it.
 */
#ifndef STACK_DEPOT_H
#define STACK_DEPOT_H

#include <stdbool.h>
#include <stdint.h>

struct depot_node {
	uint64_t pc;
	uint32_t parent;
	uint32_t next;		/* hash chain */
};

bool depot_init(void);

/* The node of pc under parent, made where it is new.  0 (counted stacks_depot_full) where there is no room. */
uint32_t depot_intern(uint64_t pc, uint32_t parent);

/* pcs[0] is the innermost frame. */
uint32_t depot_intern_stack(const uint64_t *pcs, uint32_t nr);

/* Nodes 1..nr are valid and complete: nodes[0] is unused. */
const struct depot_node *depot_nodes(uint32_t *nr);

#endif
