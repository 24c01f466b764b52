/* SPDX-License-Identifier: MIT */
/*
 * What a pointer of a known type says of the block that it leads to.
 */
#ifndef TYPING_NATIVE_CLAIM_H
#define TYPING_NATIVE_CLAIM_H

#include "typing/native/native.h"

/* What a pointer to `target` that leads right behind the first word of the block says, if that word
 * counts what is behind it. */
const struct ctype *claim_counted(struct native *n, const struct ctype *target, node_id to);
/*
 * A pointer says that the block is such a one.  True: that is news of the block.  If it is not
 * plausible, the pointer may be left from what was there before, or the block not yet filled: a
 * guess; and a guess is none.
 */
bool claim_believe(struct native *n, node_id block, const struct ctype *t, bool is_guess);
/* Is each object of type t in those bytes, as far as its pointers tell, right? */
bool claim_are_elements(struct native *n, const struct ctype *t, const uint8_t *bytes,
			uint64_t len);

#endif
