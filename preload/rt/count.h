/* SPDX-License-Identifier: MIT */
/*
 * What the profiler could not do, counted by reason.  Relaxed atomics on slow paths only; the dump
 * carries every count as a CNTR key of the same name; heapcensus/count_list.h has the list.
 */
#ifndef RT_COUNT_H
#define RT_COUNT_H

#include <stdint.h>

#include "heapcensus/count_list.h"

enum count_id {
#define COUNT_ENUM(name, text) COUNT_##name,
	HC_COUNTS(COUNT_ENUM)
#undef COUNT_ENUM
	NR_COUNTS,
};

extern uint64_t rt_counts[NR_COUNTS];

static inline void count_add(enum count_id id, uint64_t n)
{
	__atomic_fetch_add(&rt_counts[id], n, __ATOMIC_RELAXED);
}

#define COUNT(name) count_add(COUNT_##name, 1)

#endif
