/* SPDX-License-Identifier: MIT */
/*
 * Read-only memory that types are named by: vtables that first words of blocks point at, their
 * type_info, the names; names of CPython's static classes.  Collected while contents are written,
 * so that a dump can be read where the binaries are missing.  The snapshot child only.
 */
#ifndef SNAP_ANNEX_H
#define SNAP_ANNEX_H

#include <stdint.h>

#include "snap/image.h"

void annex_init(struct image *im);

/* word: the first of a block.  Adds what it points at to image.annex if that looks like a vtable.
 */
void annex_note(struct image *im, uint64_t word);

/* Adds the text at addr, with its zero; what is in writable memory is in the dump already. */
void annex_add_name(struct image *im, uint64_t addr);
/* Adds [start, end) where it is in the constant memory of a module. */
void annex_add_memory(struct image *im, uint64_t start, uint64_t end);

/* Names of CPython's static classes and of their C members; after layout_finish. */
void annex_note_python(struct image *im);
/* The same for a class that is the block. */
void annex_note_python_block(struct image *im, uint64_t addr, uint64_t size);

#endif
