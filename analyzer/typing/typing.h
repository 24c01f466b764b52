/* SPDX-License-Identifier: MIT */
/*
 * From a dump to a heap whose every object has a type.  The recognisers are rows of typing/list.h,
 * tried in order; the first that is sure wins.
 */
#ifndef TYPING_TYPING_H
#define TYPING_TYPING_H

#include "base/pieces.h"
#include "heap/heap.h"

/* The heap of a dump, typed.  The caller closes it with heap_close, before the dump.  options may
 * be NULL. */
struct error *heap_open(const struct dump *d, const struct heap_options *options, struct heap **ret)
	__attribute__((warn_unused_result));

/* A heap that has just been opened, as it is kept for the next time (heap/outline.h).  And back: of
 * an outline, what may be asked with the dump's blocks, which have been read.  False: a piece is
 * missing or damaged. */
void heap_keep(struct pieces_writer *w, const struct heap *h);
bool heap_recall(const struct pieces *p, struct heap *h);

/* Could all debug information be read that there should be?  If not, its files may come later. */
bool heap_is_complete(const struct heap *h);

#endif
