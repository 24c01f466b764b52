/* SPDX-License-Identifier: MIT */
/*
 * Which zstd level the next chunk of a dump gets.  Two things take time in turn: compressing, and
 * writing, which is waiting for the disk (snap/output.h).  Where the disk makes us wait, a higher
 * level costs nothing and leaves it less to write, if the content compresses at all.  Where it does
 * not, and compression is most of what a chunk costs that takes too long, the level gives way to a
 * faster one; what is fast enough stays, since levels below compress far less.
 *
 * Pure arithmetic: no state but its own.
 */
#ifndef SNAP_PACE_H
#define SNAP_PACE_H

#include <stdint.h>

#define PACE_LEVEL_MAX 5	/* the most that pace_note ever answers */

/* What chunks were and took. */
struct pace_cost {
	uint64_t raw, stored;	/* bytes before and after compression */
	uint64_t cpu_ns;	/* of the processor, since the chunk before */
	uint64_t pack_cpu_ns;	/* of these for compression */
	uint64_t compress_ns, write_ns;	/* by the clock on the wall */
};

struct pace {
	uint32_t step;		/* index of the level in pace.c's ladder */
	uint32_t nr;		/* chunks that are added up in sum */
	struct pace_cost sum;
};

/* Returns the first level. */
int pace_init(struct pace *p);

/* Of a chunk that has been written.  Returns the level for the next. */
int pace_note(struct pace *p, const struct pace_cost *c);

#endif
