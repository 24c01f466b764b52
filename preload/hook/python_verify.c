/* SPDX-License-Identifier: MIT */
/*
 * The reference that chains of Python frames are compared with (hook/python_verify.h).  Names and
 * lines of one frame of each chain are read anew, in turn, since that takes longer than all else.
 *
 * Inside the door; keeps errno.
 */
#include "hook/python_verify.h"

#include <heapcensus/dump_format.h>

#include "hook/python_place.h"
#include "rt/count.h"
#include "rt/message.h"
#include "stack/depot.h"
#include "target/python_frame.h"

#include "rt/ban.h"

#define DIFFERENCES_LOGGED 100

bool python_verifies;

static uint64_t nr_verified; /* atomically */

/* Frames as they are, and nodes as they are said to be, both from the innermost outwards. */
struct comparison {
	uint32_t node;	       /* the next one */
	uint32_t nr, nr_nodes; /* frames that are shown, and nodes so far */
	uint32_t named;	       /* the frame whose names are looked at */
	uint32_t last; /* node of the frame seen last, where its loop is not at its end yet */
	bool is_empty, differs;
	struct python_frame frame; /* of `last` */
};

void python_verify_start(void)
{
	python_verifies = true;
}

void python_verify_report(void)
{
	if (python_verifies && nr_verified)
		message("%lu chains of Python frames compared with what they are, %lu differ",
			__atomic_load_n(&nr_verified, __ATOMIC_RELAXED),
			__atomic_load_n(&rt_counts[COUNT_python_stacks_differing],
					__ATOMIC_RELAXED));
}

/* The frame seen last is complete: it is known whether C has entered its loop with it. */
static void compare_last(struct comparison *c, bool is_entry)
{
	const uint64_t pc = c->last ? depot_get(c->last)->pc : 0;

	if (!c->last)
		return;
	c->frame.at |= is_entry;
	c->differs |= !(pc & HC_STACK_PYTHON) || !(pc & HC_STACK_ENTRY) == is_entry ||
		      (c->nr == c->named && !python_is_node(c->last, &c->frame));
	c->last = 0;
}

static void compare_frame(struct comparison *c, const struct python_frame *f)
{
	compare_last(c, false);
	c->nr++;
	if (!c->node)
		return;
	c->nr_nodes++;
	c->last = c->node;
	c->frame = *f;
	c->node = depot_get(c->node)->parent;
}

static void compare_all(struct comparison *c, uint64_t frame)
{
	for (; frame; frame = python_outer_frame(frame)) {
		struct python_words words;
		struct python_frame f;

		python_read_words(frame, &words);
		const uint32_t sort = python_decode_frame(&words, &f);

		if (sort & PYTHON_FRAME_SHOWN)
			compare_frame(c, &f);
		if (sort & PYTHON_FRAME_ENTRY) {
			c->is_empty |= c->nr == 0;
			compare_last(c, true);
		}
	}
	compare_last(c, false);
}

static uint32_t length(uint32_t node)
{
	uint32_t nr = 0;

	for (; node; node = depot_get(node)->parent)
		nr++;
	return nr;
}

__attribute__((noinline)) void python_verify(uint64_t frame, uint32_t node, bool is_empty,
					     uint32_t depth)
{
	const uint64_t number = __atomic_fetch_add(&nr_verified, 1, __ATOMIC_RELAXED);
	struct comparison c = { .node = node, .named = 1 + (uint32_t)(number % length(node)) };

	compare_all(&c, frame);
	if (!c.differs && !c.node && c.is_empty == is_empty &&
	    (c.nr_nodes == c.nr || (c.nr > depth && c.nr_nodes >= HC_STACK_CUT_MIN(depth))))
		return;
	COUNT(python_stacks_differing);
	if (__atomic_load_n(&rt_counts[COUNT_python_stacks_differing], __ATOMIC_RELAXED) <=
	    DIFFERENCES_LOGGED)
		message("a chain of %u Python frames differs: %u nodes up to %u, %s", c.nr,
			c.nr_nodes, node, c.differs ? "another frame" : "another length");
}
