/* SPDX-License-Identifier: MIT */
/*
 * The status page of a process under census: what `heapcensus dump PID` reads from outside.
 *
 * One shared anonymous mapping of HC_STATUS_SIZE bytes ("/dev/zero (deleted)" in /proc/PID/maps)
 * that begins with struct hc_status.  The process and its snapshot child write it, each its own
 * fields, with relaxed atomics; a reader believes it only if magic, version and pid are right.
 * Texts end with a zero; a reader must not rely on that.
 */
#ifndef HEAPCENSUS_STATUS_FORMAT_H
#define HEAPCENSUS_STATUS_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define HC_STATUS_MAGIC	   0x5355534e45434348ull /* "HCCENSUS" */
#define HC_STATUS_VERSION  1
#define HC_STATUS_SIZE	   20480
#define HC_STATUS_TEXT_MAX 4096
#define HC_STATUS_KEEP_MAX 512

enum hc_status_state {
	HC_STATUS_IDLE = 0,
	HC_STATUS_PENDING = 1,	/* asked for, not begun: the thread is inside the allocator */
	HC_STATUS_STOPPING = 2, /* the gate is closing */
	HC_STATUS_WRITING = 3,	/* the child writes; the program runs on */
};

struct hc_status {
	uint64_t magic; /* written last */
	uint32_t version;
	int32_t pid;
	int32_t signal;	     /* that asks for a dump; 0: none */
	uint32_t state;	     /* enum hc_status_state */
	int32_t child;	     /* pid of the snapshot child while state is WRITING, else 0 */
	int32_t wake;	     /* the thread that the child shall signal when it has done; 0: none */
	uint64_t nr_asked;   /* triggers that came in */
	uint64_t nr_skipped; /* of them, those that found a snapshot under way */
	uint64_t nr_done; /* dumps that have their final name; last_path belongs to the last of them
			   */
	uint64_t nr_failed;	 /* last_error belongs to the last of them */
	uint64_t last_failed;	 /* 1: the newest of both kinds is a failure */
	uint64_t progress_done;	 /* raw bytes written by the child so far */
	uint64_t progress_total; /* estimate; 0: not known yet */
	uint64_t pause_ns; /* how long the last snapshot stopped the process; 0 until that is known
			    */
	uint64_t last_number; /* N of NAME.PID.N.hc */
	uint64_t live_blocks; /* estimates, renewed now and then */
	uint64_t live_bytes;
	char dir[HC_STATUS_TEXT_MAX];
	char last_path[HC_STATUS_TEXT_MAX];
	char part_path[HC_STATUS_TEXT_MAX]; /* the file that the child writes, until it has its
					       final name */
	char last_error[1024];
	char last_message[1024];
	uint64_t kept[HC_STATUS_KEEP_MAX]; /* with HEAPCENSUS_KEEP=n: the first n, of dumps that are
					      there, N * 2, and 1 for those in the fallback folder;
					      0: none */
};

_Static_assert(sizeof(struct hc_status) <= HC_STATUS_SIZE, "must fit its mapping");

#endif
