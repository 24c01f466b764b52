/* SPDX-License-Identifier: MIT */
/*
 * A bump allocator over raw mmap, for the snapshot child (and whoever else may touch nothing
 * shared): one owner, no lock, nothing is given back before bump_deinit.  In the child its mappings
 * need not be in the list of private ranges, as the child reads /proc/self/maps of its parent's
 * moment before it allocates, or asks bump_contains.
 */
#ifndef RT_BUMP_H
#define RT_BUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bump_chunk;

struct bump {
	char *at, *end;		   /* free part of the newest chunk */
	struct bump_chunk *chunks; /* newest first */
	size_t chunk_size;	   /* of the next ordinary chunk; doubles up to 16 MB */
	uint64_t total;		   /* bytes mapped */
};

/* Maps nothing yet. */
void bump_init(struct bump *b);
void bump_deinit(struct bump *b);

/* Zeroed, aligned to 16.  NULL where the kernel gives none. */
void *bump_alloc(struct bump *b, size_t size);

/* A zero-ended copy of len bytes. */
char *bump_strndup(struct bump *b, const char *s, size_t len);

/* Is addr in one of its chunks? */
bool bump_contains(const struct bump *b, uint64_t addr);

#endif
