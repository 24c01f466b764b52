/* SPDX-License-Identifier: MIT */
/*
 * Texts and numbers that count for the one object that has them: a leaf (TYPE_LEAF) is offered as a
 * part (heap/fold.h) of the block whose typed pointer leads to its start, if all typed pointers to
 * it, into its middle too, are in that block.  A typed global that leads there keeps it an object,
 * for who knows whose it is; stack variables do not, which borrow, nor do words of no type.
 */
#ifndef TYPING_NATIVE_FOLD_H
#define TYPING_NATIVE_FOLD_H

#include "heap/heap.h"

/* After all types are known, before fold_apply. */
void native_offer_leaves(struct heap *h);

#endif
