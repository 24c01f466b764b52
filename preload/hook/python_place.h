/* SPDX-License-Identifier: MIT */
/*
 * From a frame's code and instruction to its place in the source and its depot node, remembered by
 * the thread.
 *
 * A code object may die, and another one get its address.  So each that is kept here is watched
 * (live_watch): while no watched block has died, all are what they were.  After that each one's
 * birth tells, which is a block's own for ever.  Code that the interpreter was built with has no
 * birth and never dies; what is neither is looked up each time.
 *
 * Inside the door, like all that finds sites; keeps errno.
 */
#ifndef HOOK_PYTHON_PLACE_H
#define HOOK_PYTHON_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "target/python_frame.h"

#define PYTHON_PLACES_SHIFT   12
#define PYTHON_NODES_SHIFT    13
#define PYTHON_SEARCHES_SHIFT 4

/* A place, as long as the code object is that one. */
struct python_place {
	struct python_frame frame;
	uint64_t birth;
	uint32_t place;
	uint32_t nr_dropped; /* live_nr_dropped when it was last known to be that one */
};

/* A frame by its words (with its address all code is told by them), as long as no watched block has
 * died: what it adds to a chain. */
struct python_node {
	uint64_t instruction, sort;
	uint32_t parent;  /* of what is further out */
	uint32_t node;	  /* of both */
	uint32_t nr_dropped;
	bool outer_waits; /* what is further out has shown no frame of the loop yet */
	bool is_set;	  /* else empty */
	bool is_shown, is_waiting;
};
_Static_assert(sizeof(struct python_node) == 32, "two are a line");

/* Searches in tables of lines, of code that is alive while no watched block has died. */
struct python_searches {
	uint32_t nr_dropped;
	struct python_lines lines[1u << PYTHON_SEARCHES_SHIFT];
};

/* One a thread; all zero at first. */
struct python_places {
	uint32_t nr_dropped; /* live_nr_dropped of now: the caller's to write */
	struct python_node nodes[1u << PYTHON_NODES_SHIFT];
	struct python_place places[1u << PYTHON_PLACES_SHIFT];
	struct python_searches searches;
};

/* Where it is remembered what that frame adds to a chain ... */
static inline struct python_node *python_get_node(struct python_places *places,
						  const struct python_words *words, uint32_t parent)
{
	const uint64_t key = words->sort ^ words->instruction << 20 ^ (uint64_t)parent << 40;

	return &places->nodes[key * 0x9e3779b97f4a7c15 >> (64 - PYTHON_NODES_SHIFT)];
}

/* ... and is it? */
static inline bool python_knows_node(const struct python_places *places,
				     const struct python_node *n, const struct python_words *words,
				     uint32_t parent, bool outer_waits)
{
	return n->instruction == words->instruction && n->sort == words->sort &&
	       n->parent == parent && n->nr_dropped == places->nr_dropped &&
	       n->outer_waits == outer_waits && n->is_set;
}

/* The depot's node of one more frame.  0 where it found no room.  Not *known: it is to be asked for
 * again each time; else it is true until some watched block dies. */
uint32_t python_make_node(struct python_places *places, const struct python_frame *f,
			  uint32_t parent, bool *known);

/* Of a frame that gets none: its place, 0 where there is none. */
uint32_t python_find_place(struct python_places *places, const struct python_frame *f,
			   bool *known);

/* Is it the node of that frame?  Nothing that is remembered is asked. */
bool python_is_node(uint32_t node, const struct python_frame *f);

#endif
