/* SPDX-License-Identifier: MIT */
/*
 * The outline of a typed heap, as it is kept for the next time: what its objects are, which types
 * they have, how large they are, what counts for them; no references, and nothing that knows what
 * types say of words.  With the dump's blocks it can be asked when and where objects were made, and
 * for their bytes; without, only how many there are of which type.
 * Who works something out on an outline makes sure beforehand that it needs no more (cmd/cmd.h).
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
	PIECE_TYPE_OF = 4,   /* u32 of each block: its type */
	PIECE_SIZES = 5,     /* u64 of each block: object_size */
	PIECE_NOTES = 6,     /* texts each with a 0: heap_notes of the opening */
	PIECE_OWNERS = 7,    /* u32 of each block: owner less its own number, or OUTLINE_NOBODY */
	PIECE_TABLES = 8,    /* u32 of each block: next_table */
	PIECE_HEADS = 9,     /* u16 of each block: head */
	PIECE_HELD = 10,     /* u64 of each block: held; missing where there are no parts */
	PIECE_INTERIORS = 11,  /* struct interior of each */
	PIECE_WRAPPERS = 12,   /* texts each with a 0: what heap_add_wrapper was told of */
	PIECE_EDGES = 13,      /* u64 of each enum edge_kind; missing until they were counted */
	PIECE_EDGE_NOTES = 14, /* texts each with a 0: notes that came with counting them */
	/* typing/cpython/kept.c; missing where there is no CPython. */
	PIECE_CLASSES = 15,	/* struct cpython_class of each, without names */
	PIECE_CLASS_NAMES = 16, /* texts each with a 0 */
	PIECE_CLASS_OF = 17,	/* u32 of each block: class */
	PIECE_MEMOS = 64,	/* partition/memo.h: two for each rule from here on */
};

#define OUTLINE_NOBODY 0x80000000u /* farther than any owner is: blocks are fewer */

/* Of a heap that has just been opened. */
void outline_add(struct pieces_writer *w, const struct heap *h);
/* How many edges there are of each kind, where that is known. */
void outline_add_edges(struct pieces_writer *w, const struct heap *h);
/* The heap, of a dump whose head is open; its nr_roots is 0.  NULL: a piece is missing or damaged.
 * The caller closes it with heap_close. */
struct heap *outline_open(const struct pieces *p, const struct dump *d,
			  const struct heap_options *options);
/* What may be asked with the dump's blocks, which have been read.  False: a piece is missing or
 * damaged. */
bool outline_fill(const struct pieces *p, struct heap *h);

#endif
