/* SPDX-License-Identifier: MIT */
/*
 * Read-only memory that types are named by: vtables that first words of blocks point at, their type_info, the names.  Collected while
 * contents are written, so that a dump can be read where the binaries are missing.  The snapshot child only.
 */
#ifndef SNAP_ANNEX_H
#define SNAP_ANNEX_H

#include <stdint.h>

#include "snap/image.h"

void annex_init(struct image *im);

/* word: the first of a block.  Adds what it points at to image.annex if that looks like a vtable. */
void annex_note(struct image *im, uint64_t word);

#endif
