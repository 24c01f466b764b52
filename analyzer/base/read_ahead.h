/* SPDX-License-Identifier: MIT */
/*
 * Things that will be needed, each of them long to get, are got by another thread while the first
 * one is busy with something else.  What the first one needs before its turn has come it gets
 * itself.
 */
#ifndef BASE_READ_AHEAD_H
#define BASE_READ_AHEAD_H

#include <stddef.h>
#include <stdint.h>

struct read_ahead;

typedef void read_ahead_fn(void *arg, uint32_t item);
/*
 * Calls fn for the items, which are less than `limit`, in that order, in a thread of its own. NULL:
 * there is to be no other thread, or there cannot be.
 */
struct read_ahead *read_ahead_start(const uint32_t *items, size_t nr, uint32_t limit,
				    read_ahead_fn *fn, void *arg);
/* By the thread that started it, before it touches an item: afterwards nobody else does.  NULL is
 * fine. */
void read_ahead_take(struct read_ahead *r, uint32_t item);
/* Waits for the item at hand, leaves out the others.  NULL is fine. */
void read_ahead_stop(struct read_ahead *r);

#endif
