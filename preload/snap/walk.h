/* SPDX-License-Identifier: MIT */
/*
 * All live blocks of all planes in the order of BLKS: by address, of two at one address the larger
 * first.  The snapshot child only.
 */
#ifndef SNAP_WALK_H
#define SNAP_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "live/plane.h"

#define WALK_DEPTH_MAX 16

struct walk_open {
	uint64_t end;
	bool holds;		/* it, or one around it, is no arena: the bytes of blocks within are
				   its own */
};

struct walk {
	struct plane_cursor cursors[NR_PLANES];
	bool more[NR_PLANES];
	uint64_t others;	/* before this address only the current block's plane has any */
	struct walk_open open[WALK_DEPTH_MAX]; /* blocks around the walk's place, outermost first */
	uint32_t nr_open;
	uint64_t nr_dropped;	/* that overlap the end of another block */

	/* The current block. */
	uint64_t index;
	uint64_t addr, size;
	struct record record;
	enum plane_id plane;
	bool is_owner; /* its contents are its own: neither an arena nor inside another block that
			  holds them */
};

void walk_init(struct walk *w);
bool walk_next(struct walk *w);

#endif
