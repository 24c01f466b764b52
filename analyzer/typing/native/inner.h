/* SPDX-License-Identifier: MIT */
/*
 * Objects inside of blocks: typed pointers lead to them, and the type of the block does not reach
 * there.  They tell what their own pointers lead to, and what the block is: the one structure that
 * has them at their places, or some bytes and then one of them.
 */
#ifndef TYPING_NATIVE_INNER_H
#define TYPING_NATIVE_INNER_H

#include <stdbool.h>
#include <stdint.h>

#include "typing/native/ctype.h"
#include "typing/native/native.h"

/* True: there is one, and it was not known before. */
bool inner_add(struct native *n, node_id block, uint64_t offset, const struct ctype *type);
/* Does the block's own type say what is at that offset? */
bool inner_is_told(struct native *n, node_id block, uint64_t offset);
void inner_forget_all(struct native *n);
/* Guesses the types of blocks by what is in them.  True: there is news. */
bool inner_settle(struct native *n);

#endif
