/* SPDX-License-Identifier: MIT */
/*
 * /proc/self/maps, read with raw system calls into bump memory.  Safe in the snapshot child and
 * with the world stopped.
 */
#ifndef TARGET_MAPS_H
#define TARGET_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rt/bump.h"

struct map {
	uint64_t start, end;
	uint64_t offset;
	uint64_t inode;
	uint32_t prot; /* PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4 */
	bool shared;
	const char *path; /* "" where anonymous; "[stack]", "[heap]", "[vdso]"...; kernel's escapes
			     (\012) undone */
};

/* By address, not overlapping.  Invariant: maps[i].end <= maps[i+1].start. */
struct maps {
	struct map *maps;
	uint32_t nr;
	bool complete; /* false where memory or the file ended early */
};

/* Reads the mappings of the calling process.  False where nothing could be read. */
bool maps_read(struct maps *m, struct bump *b);

/* The mapping that holds addr, or NULL.  Binary search. */
const struct map *maps_find(const struct maps *m, uint64_t addr);

/* Is all of [addr, addr + len) mapped readable (perhaps over several mappings)? */
bool maps_is_readable(const struct maps *m, uint64_t addr, uint64_t len);

#endif
