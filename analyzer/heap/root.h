/* SPDX-License-Identifier: MIT */
/*
 * The roots of a heap: the ranges of memory outside of blocks that the dump holds, and the
 * registers of stopped threads.
 */
#ifndef HEAP_ROOT_H
#define HEAP_ROOT_H

#include "heap/heap.h"

/* Fills h->roots and h->nr_roots. */
void roots_create(struct heap *h);
/* The range that has the address; NULL: none. */
const struct root *root_find(const struct heap *h, uint64_t addr);
/* What byvia prints of the word at `offset` bytes in the root: "::queue_head", "<stack
 * parse_page+0x40>".  Interned. */
const char *root_name_word(struct heap *h, const struct root *root, uint64_t offset);

#endif
