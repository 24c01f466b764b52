/* SPDX-License-Identifier: MIT */
/*
 * Places in interpreted code, each kept once: (file, function, line), named by an index from 1.
 * What the depot's Python frames stand for, and the dump's PYFR.
 *
 * Append-only.  Interning takes a lock: the caller is inside the door, and has a cache of its own
 * before it.  Memory is the profiler's own.  Invariant, with the gate closed: places
 * 1 .. location_nr() and texts 1 .. location_nr_texts() are complete.
 */
#ifndef STACK_LOCATION_H
#define STACK_LOCATION_H

#include <stdint.h>

#define LOCATIONS_MAX	   (1u << 22)
#define LOCATION_TEXTS_MAX (1u << 20)

struct location {
	uint32_t file, function; /* texts */
	uint32_t line;		 /* 0: unknown */
};

struct location_text {
	const char *bytes; /* not ended by NUL */
	uint32_t len, hash;
};

/* The index of the place; 0 where there is no room for it. */
uint32_t location_intern(const char *file, uint32_t file_len, const char *function,
			 uint32_t function_len, uint32_t line);

/* Gate closed, or the snapshot child: how many there are, and those of index 1 .. that many. */
uint32_t location_nr(void);
struct location location_get(uint32_t index);
const struct location_text *location_get_text(uint32_t text);

/* For pthread_atfork. */
void location_fork_prepare(void);
void location_fork_done(void);

#endif
