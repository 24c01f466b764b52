/* SPDX-License-Identifier: MIT */
/*
 * Labels: a text for one single block, kept until the block is freed (its record has
 * RECORD_LABELLED).  A hash table by (plane, address) under a lock.
 *
 * Callers are inside the door, except that a nested free (a signal handler that interrupted the
 * allocator) leaves its label behind: the table may know more blocks than are labelled, never
 * fewer.  The snapshot child calls label_find.
 */
#ifndef LIVE_LABEL_H
#define LIVE_LABEL_H

#include <stdbool.h>
#include <stdint.h>

#define LABEL_LEN_MAX 4095u	/* longer texts are cut */

/* Sets or replaces.  False (counted labels_lost) where there is no memory. */
bool label_set(uint32_t plane, uint64_t addr, const char *text);
void label_remove(uint32_t plane, uint64_t addr);
void label_move(uint32_t plane, uint64_t from, uint64_t to);

/* NULL where it has none.  No lock: gate closed, or the child. */
const char *label_find(uint32_t plane, uint64_t addr);

void label_fork_prepare(void);
void label_fork_done(void);

#endif
