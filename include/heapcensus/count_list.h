/* SPDX-License-Identifier: MIT */
/*
 * What the profiler could not do, by reason: the keys of a dump's CNTR section and what each means
 * to its reader.  The preload counts them (rt/count.h), the analyzer says them: "12 blocks lost:
 * ...".
 */
#ifndef HEAPCENSUS_COUNT_LIST_H
#define HEAPCENSUS_COUNT_LIST_H

/* name (also the CNTR key), what it means to a reader of the dump */
#define HC_COUNTS(X) \
	X(blocks_no_shadow, "blocks not in the census: no memory for the table") \
	X(blocks_no_thread, "blocks not in the census: no memory for the thread's record") \
	X(blocks_nested, "blocks not in the census: allocated by a signal handler that " \
			 "interrupted the allocator") \
	X(blocks_early, "blocks not in the census: allocated before the profiler had started") \
	X(blocks_unknown_freed, "frees of blocks that the census did not know") \
	X(blocks_overlapping, "blocks not in the dump: they overlap the end of another block") \
	X(maps_lost, "mappings not in the census") \
	X(pools_lost, "pool objects not in the census") \
	X(python_rewrapped, "times the program had replaced Python's allocators: what was born " \
			    "or freed before that was noticed is not known") \
	X(python_unknown_freed, "frees of Python objects that the census did not know") \
	X(python_lost, "replacements of Python's allocators that could not be followed") \
	X(stacks_depot_full, "blocks without a stack: depot full") \
	X(stacks_truncated, "stacks cut at the depth limit") \
	X(python_stacks_truncated, "stacks whose Python frames were cut at the depth limit") \
	X(python_stacks_differing, \
	  "stacks whose Python frames are not what they are when read again (stacks=verify)") \
	X(python_frames_lost, "Python frames without a place: no room for it") \
	X(stacks_lost, "stacks that end early: code made at run time, or a stack of its own kind") \
	X(stacks_differing, "stacks that differ from the reference unwinder's (stacks=verify)") \
	X(stacks_failed, "blocks without a stack: unwinder failed") \
	X(tags_lost, "tags or scopes lost: too many of them, or not on a block") \
	X(labels_lost, "labels lost") \
	X(threads_overflow, "threads beyond the table: their blocks have no thread") \
	X(threads_forgotten, "threads that ended and whose names were forgotten") \
	X(ticks_saturated, "blocks whose birth is later than the clock can say") \
	X(snapshots_skipped, "triggers ignored: a snapshot was under way") \
	X(snapshots_failed, "snapshots that could not be finished") \
	X(gate_timeouts, "snapshots abandoned: a thread stayed inside the allocator") \
	X(threads_running, \
	  "threads that were running at the snapshot: registers and stack pointer unknown") \
	X(ranges_unreadable, "address ranges that could not be read at the snapshot") \
	X(options_invalid, "options whose value was not understood") \
	X(private_no_memory, "requests of the profiler itself that found no memory")

#endif
