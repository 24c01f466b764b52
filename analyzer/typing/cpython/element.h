/* SPDX-License-Identifier: MIT */
/*
 * ElementTree's Element: tag, text and tail are words of the object (the lowest bit of the last two
 * is a mark), the rest is in a block of its own, `extra`, or the children in a third.
 */
#ifndef TYPING_CPYTHON_ELEMENT_H
#define TYPING_CPYTHON_ELEMENT_H

#include "typing/cpython/cpython.h"

#define ELEMENT_EXTRA  40u
#define EXTRA_ATTRIB   0u
#define EXTRA_LENGTH   8u
#define EXTRA_CHILDREN 24u
#define EXTRA_STATIC   32u /* room for the first few */

/* Is the word at offset in the block at `block`, a part of the element, one of its children? Stores
 * which one. */
static inline bool cpython_element_child(const struct cpython *p, uint64_t element, uint64_t block,
					 uint64_t offset, uint64_t *index)
{
	const uint64_t extra = cpython_word(p, element + ELEMENT_EXTRA);
	const uint64_t children = cpython_word(p, extra + EXTRA_CHILDREN);

	*index = (block + offset - children) / 8;
	return *index < cpython_word(p, extra + EXTRA_LENGTH);
}

#endif
