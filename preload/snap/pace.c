/* SPDX-License-Identifier: MIT */
/*
 * The ladder of levels, and when to take a step.  The snapshot child and tests.
 */
#include "snap/pace.h"

#include <stdbool.h>

#include "rt/ban.h"

#define PACE_MIN    (2u << 20) /* bytes of a chunk that tells anything */
#define PACE_CHUNKS 2	       /* that decide together */
#define PACE_SLOW   420	 /* MB/s of raw bytes, below which a faster level is worth its bytes */
#define PACE_FAST   700 /* above which the next level up will do, too */

/* On heaps of Python's and of a compiler's, -2 is 1.2 times as fast as 1 and a fifth larger; -3 to
 * -9 are as fast and larger still; -10 is twice as large, and writing that takes what it saves. */
static const int levels[] = { -2, 1, 3, PACE_LEVEL_MAX };
#define PACE_FIRST 1
#define PACE_LAST  (sizeof(levels) / sizeof(levels[0]) - 1)

int pace_init(struct pace *p)
{
	*p = (struct pace){ .step = PACE_FIRST };
	return levels[p->step];
}

static bool is_faster(const struct pace_cost *c, uint64_t rate)
{
	return c->raw * 1000 > c->cpu_ns * rate;
}

static bool compresses(const struct pace_cost *c)
{
	return c->stored < c->raw - c->raw / 8;
}

static bool is_slow(const struct pace_cost *c)
{
	return !is_faster(c, PACE_SLOW) && c->pack_cpu_ns > c->cpu_ns / 2;
}

static uint32_t next_step(uint32_t step, const struct pace_cost *c)
{
	if (step < PACE_LAST && c->write_ns > c->compress_ns && compresses(c))
		return step + 1;
	if (step < PACE_FIRST && is_faster(c, PACE_FAST))
		return step + 1;
	if (step > 0 && c->write_ns < c->compress_ns && is_slow(c))
		return step - 1;
	return step;
}

int pace_note(struct pace *p, const struct pace_cost *c)
{
	if (c->raw < PACE_MIN)
		return levels[p->step];
	p->sum.raw += c->raw;
	p->sum.stored += c->stored;
	p->sum.cpu_ns += c->cpu_ns;
	p->sum.pack_cpu_ns += c->pack_cpu_ns;
	p->sum.compress_ns += c->compress_ns;
	p->sum.write_ns += c->write_ns;
	if (++p->nr == PACE_CHUNKS)
		*p = (struct pace){ .step = next_step(p->step, &p->sum) };
	return levels[p->step];
}
