/* SPDX-License-Identifier: MIT */
/*
 * What native typing believes of each block, and how strongly.  A block gets a better type when one
 * comes, and keeps two that are equally good as a conflict, which is printed as "T1|T2".  What
 * follows from a guess is a guess, whatever the step: so no wrong guess makes a sure type.
 */
#ifndef TYPING_NATIVE_BLOCK_H
#define TYPING_NATIVE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "typing/native/ctype.h"
#include "typing/native/native.h"

/* Ascending: a stronger belief takes the place of a weaker one. */
enum belief {
	BELIEF_NONE,
	BELIEF_CONSENSUS, /* others of its site and size are */
	BELIEF_BYTES,	  /* a char pointer leads to it */
	BELIEF_PREFIX,	  /* it begins with one */
	BELIEF_DERIVED,	  /* it begins with what it is derived from; its values tell the rest */
	BELIEF_ARRAY,	  /* it may be several of what a pointer leads to */
	BELIEF_HEADER,	  /* it begins with one, and its site makes no arrays of them */
	BELIEF_POINTED,	  /* a pointer of that type leads to it, and it has that size */
	BELIEF_SITE,	  /* its site makes one of that size */
	BELIEF_PART,	  /* it belongs to a container that lies in something typed */
};

/* Is the type what the block begins with, and not what it is? */
static inline bool belief_is_prefix(enum belief belief)
{
	return belief == BELIEF_PREFIX || belief == BELIEF_HEADER;
}

struct native_block {
	const struct ctype *type; /* NULL: nothing is known, or a conflict */
	uint16_t belief;
	bool is_guess;	   /* weaker than any belief that is none */
	bool is_followed;  /* what its pointers lead to has been looked at; propagate.c */
	uint32_t conflict; /* index in native's conflicts + 1; 0: none */
};

/*
 * Says that block n is a `type` (or several, or begins with one) for that reason.  True: that is
 * news, and what the block's own pointers lead to is worth a look.
 */
bool block_believe(struct native *n, node_id block, const struct ctype *type, enum belief belief,
		   bool is_guess);
/* How the block is one or more of its type: one that begins with it is never several. */
enum ctype_fit block_find_fit(struct native *n, node_id block);
/* Is its type only a label so far, or one of native typing's? */
bool block_is_open(const struct native *n, node_id block);
/* Is it one that hands out pieces of itself? */
bool block_is_arena(const struct native *n, node_id block);
/* Writes what is believed into heap->type. */
void block_settle(struct native *n, node_id block);
/* The type of a block, of which it is one, several, or begins with one; NULL: not known. */
const struct ctype *native_type_of(const struct native *n, node_id block);

/*
 * The type that the whole block is read by: an array where it is several of its type.  Of a block
 * with a conflict there are two: i is 0 or 1.  NULL: there is no such reading.
 */
const struct ctype *native_reading(struct native *n, node_id block, unsigned int i);

struct variable;
/* The variable that covers the word at `offset` of a root. */
bool native_find_variable(struct heap *h, const struct root *root, uint64_t offset,
			  struct variable *ret);
/* Its name and the part of it that begins at the word, "::queue.head"; NULL: none covers it. */
const char *native_variable_place(struct heap *h, const struct root *root, uint64_t offset);

/* relation.c */
extern const struct type_ops native_ops;
/* use.c: its use, and heap->variable_use */
enum word_use native_use(struct heap *h, node_id from, uint64_t offset);
enum word_use native_variable_use(struct heap *h, const struct root *root, uint64_t offset);
/* heap->variable_name */
const char *native_variable_name(struct heap *h, const struct root *root, uint64_t offset);

#endif
