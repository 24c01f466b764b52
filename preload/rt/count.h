/* SPDX-License-Identifier: MIT */
/*
 * What the profiler could not do, counted by reason.  Relaxed atomics on slow paths only; the dump carries every count as
 * a CNTR key of the same name, so that a report can say "12 blocks lost: ...".
 */
#ifndef RT_COUNT_H
#define RT_COUNT_H

#include <stdint.h>

/* name (also the CNTR key), what it means to a reader of the dump */
#define COUNTS(X) \
	X(blocks_no_shadow, "blocks not in the census: no memory for the table") \
	X(blocks_no_thread, "blocks not in the census: no memory for the thread's record") \
	X(blocks_nested, "blocks not in the census: allocated by a signal handler that interrupted the allocator") \
	X(blocks_early, "blocks not in the census: allocated before the profiler had started") \
	X(blocks_unknown_freed, "frees of blocks that the census did not know") \
	X(maps_lost, "mappings not in the census") \
	X(pools_lost, "pool objects not in the census") \
	X(stacks_depot_full, "blocks without a stack: depot full") \
	X(stacks_truncated, "stacks cut at the depth limit") \
	X(stacks_failed, "blocks without a stack: unwinder failed") \
	X(tags_lost, "tags or scopes lost: too many of them, or not on a block") \
	X(labels_lost, "labels lost") \
	X(threads_overflow, "threads beyond the table: their blocks have no thread") \
	X(threads_forgotten, "threads that ended and whose names were forgotten") \
	X(ticks_saturated, "blocks whose birth is later than the clock can say") \
	X(snapshots_skipped, "triggers ignored: a snapshot was under way") \
	X(snapshots_failed, "snapshots that could not be finished") \
	X(gate_timeouts, "snapshots abandoned: a thread stayed inside the allocator") \
	X(threads_running, "threads that were running at the snapshot: registers and stack pointer unknown") \
	X(ranges_unreadable, "address ranges that could not be read at the snapshot") \
	X(options_invalid, "options whose value was not understood") \
	X(private_no_memory, "requests of the profiler itself that found no memory")

enum count_id {
#define COUNT_ENUM(name, text) COUNT_##name,
	COUNTS(COUNT_ENUM)
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
