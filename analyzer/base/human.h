/* SPDX-License-Identifier: MIT */
/*
 * Numbers as people read them.  Each writes into the caller's buffer and returns it.
 */
#ifndef BASE_HUMAN_H
#define BASE_HUMAN_H

#include <stdint.h>

struct human {
	char text[48];
};

const char *human_bytes(struct human *h, uint64_t bytes); /* "823 bytes", "1.5 MB" */
const char *human_duration(struct human *h,
			   uint64_t ns); /* "12.3 ms", "4.2 s", "1h 02m 03s", "3d 04h" */
const char *human_time(struct human *h, uint64_t realtime_ns); /* "2026-11-21 03:33:00 UTC" */

#endif
