/* SPDX-License-Identifier: MIT */
/*
 * The outline of a typed heap, as it is kept for the next time: what its objects are, which types
 * they have and how large they are; no references, no contents, nothing that could be looked up.
 * Who evaluates something on an outline makes sure beforehand that it needs no more (expr/brief.h).
 */
#ifndef HEAP_OUTLINE_H
#define HEAP_OUTLINE_H

#include "base/pieces.h"
#include "heap/heap.h"

/* The pieces of an index.  Numbers of pieces that are gone are not used again. */
enum index_piece {
	PIECE_KEY = 1,	     /* what it is the index of, as text */
	PIECE_WITNESSES = 2, /* heap/witness.h */
	PIECE_TYPES = 3,     /* of each: u32 provenance, u32 flags, name 0 bases 0 */
	PIECE_TYPE_OF = 4,   /* u32 of each block: its type; NODE_NONE: it is no object */
	PIECE_SIZES = 5,     /* u64 of each block: object_size */
	PIECE_NOTES = 6,     /* texts each with a 0: heap_notes of the opening */
	PIECE_MEMOS = 64,    /* partition/memo.h: two for each rule from here on */
};

/* nr_notes: so many there were when the heap had been opened. */
void outline_add(struct pieces_writer *w, const struct heap *h, size_t nr_notes);
/* The heap, of a dump whose head is open; its nr_roots is 0.  NULL: a piece is missing or damaged.
 * The caller closes it with heap_close. */
struct heap *outline_open(const struct pieces *p, const struct dump *d,
			  const struct heap_options *options);

#endif
