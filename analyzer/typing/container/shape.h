/* SPDX-License-Identifier: MIT */
/*
 * What the shapes share.  A shape is asked of every word that points at the start of a block of
 * operator new, the only one that containers use.  What it is sure of it claims at once; what
 * another struct of the same words could have led to as well, or words that are stale by now, it
 * proposes: that is believed if nothing else refers to the block (claim.c).
 */
#ifndef TYPING_CONTAINER_SHAPE_H
#define TYPING_CONTAINER_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/word.h"
#include "typing/container/container.h"

/* Memory in which container objects may lie. */
struct span {
	node_id node; /* block or root */
	uint64_t addr, size;
	uint64_t origin; /* where in the node it begins */
	const uint8_t *bytes;
	bool is_passing; /* a stack or register: much there is stale */
};

struct proposal {
	node_id block;
	struct container_part part;
	uint8_t nr_words; /* of it that hold the block's address */
	bool is_passing;
	bool is_doubtful; /* its field may hold what a vector has left behind; field.c */
	bool is_believed;
};

struct containers {
	struct heap *heap;
	const struct dump_blocks *blocks;
	bool has_llvm;	   /* libc++ is in the process */
	uint32_t *part_of; /* [nr_objects] index in parts + 1; 0: no container's */
	uint32_t *doubted; /* [nr_objects] the same of a vector that was not believed; NULL: none */
	struct container_part *parts;
	size_t nr_parts, parts_room;

	struct map makers; /* (module, enum maker) -> could it have made one; maker.c */

	/* While the shapes are looked for, the counts also later on. */
	struct proposal *proposals;
	size_t nr_proposals, proposals_room;
	node_id *nodes; /* of the container at hand */
	size_t nodes_room;
	struct reader {
		container_part_fn *fn;
		void *arg;
		bool is_passing;
	} * reader;	     /* of a container of which somebody knows; else NULL */
	uint8_t *nr_lasting; /* [nr_objects] words in blocks and globals that hold the block's
				address, at most 255 */
	uint8_t *nr_passing; /* [nr_objects] words of stacks and registers that do */
};

/* Of the word at `offset` of a span, which holds the address of `block`, of kind new. */
typedef void shape_fn(struct containers *c, const struct span *s, uint64_t offset, node_id block);

/* function, summary */
#define SHAPES(X) \
	X(shape_string, "std::string of libstdc++ and libc++, all widths") \
	X(shape_vector, "std::vector, std::vector<bool>") \
	X(shape_list, "std::list") \
	X(shape_tree, "std::set, map, multiset, multimap") \
	X(shape_hash, "std::unordered_set, map and their multi kinds") \
	X(shape_deque, "std::deque")

/* Any chain looks like one, so it is only asked where somebody knows. */
shape_fn shape_forward_list;

#define SHAPE_DECLARE(function, summary) shape_fn function;
SHAPES(SHAPE_DECLARE)
#undef SHAPE_DECLARE

/* Has the span the words from offset + first to offset + last? */
static inline bool span_has(const struct span *s, uint64_t offset, int64_t first, int64_t last)
{
	return (int64_t)offset + first >= 0 && offset + (uint64_t)last + 8 <= s->size;
}

/* What code needs functions of libstdc++.so for. */
enum maker { MAKER_LIST, MAKER_VECTOR };
/* Could the code that allocated the block have made one of those? */
bool shape_could_make(struct containers *c, node_id block, enum maker maker);
/* The block of kind new that begins at addr, of any kind where somebody knows; or NODE_NONE. */
node_id shape_find_new(const struct containers *c, uint64_t addr);

/* The block belongs to a container; where another shape is as sure it belongs to none. */
void shape_claim(struct containers *c, node_id block, const struct container_part *part);
/* Node i of the container at hand, in this order ... */
void shape_collect(struct containers *c, node_id node, uint64_t i);
/* ... and all of them are what they seemed: like part, to their end. */
void shape_claim_nodes(struct containers *c, const struct container_part *part, uint64_t nr);
/* The block may belong to one, nr_words of whose words hold its address. */
void shape_propose(struct containers *c, const struct span *s, node_id block,
		   const struct container_part *part, uint8_t nr_words);
/*
 * After all were asked: believes those whose blocks nothing else refers to.  True: there are
 * others, for which it may help to count again, now that more is known of what is room.
 */
bool shape_settle_proposals(struct containers *c);
/* Doubts those in fields where vectors are known to be left behind; blocks lie in [low, high). */
void shape_doubt_left_fields(struct containers *c, uint64_t low, uint64_t high);
/* At the end: remembers those that were not believed. */
void shape_keep_doubted(struct containers *c);
/* Is the word one that a container has left behind, or part of a text? */
bool shape_is_room(const struct containers *c, node_id node, uint64_t offset);

#endif
