/* SPDX-License-Identifier: MIT */
/*
 * The STRS section in the making: texts interned to indices from 1.  The snapshot child only; bump
 * memory, no lock.
 */
#ifndef SNAP_STRINGS_H
#define SNAP_STRINGS_H

#include <stddef.h>
#include <stdint.h>

#include "rt/bump.h"
#include "snap/writer.h"

#define STRINGS_LEN_MAX 65536u	/* longer ones are cut */

struct strings_entry {
	const char *bytes;
	uint32_t len;
	uint32_t hash;
};

struct strings {
	struct bump *bump;
	struct strings_entry *entries;	/* [0] unused */
	uint32_t *slots; /* open addressing: indices, 0 empty; nr_slots is a power of two */
	uint32_t nr, room, nr_slots;
};

/* False where there is no memory. */
bool strings_init(struct strings *s, struct bump *b);

/* The index of len bytes, which must stay as they are until strings_write.  0 where there is no
 * memory, or bytes is NULL. */
uint32_t strings_intern(struct strings *s, const char *bytes, size_t len);

/* Of a zero-ended text; 0 for an empty one. */
uint32_t strings_intern_text(struct strings *s, const char *text);

/* The section; what is interned later is lost. */
void strings_write(const struct strings *s, struct writer *w);

#endif
