/* SPDX-License-Identifier: MIT */
/*
 * The counters of rt/count.h: written by anyone at any time with relaxed atomics, read by the
 * snapshot child.
 */
#include "rt/count.h"

#include "rt/ban.h"

uint64_t rt_counts[NR_COUNTS];
