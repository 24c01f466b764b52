/* SPDX-License-Identifier: MIT */
/*
 * contents=pointers: what is not a pointer into mapped memory leaves the process as zero.
 */
#ifndef SNAP_FILTER_H
#define SNAP_FILTER_H

#include <stddef.h>

#include "snap/image.h"

/* bytes is 8-aligned; a last piece shorter than a word is zeroed.  Does nothing unless
 * contents=pointers. */
void filter_words(const struct image *im, void *bytes, size_t len);

#endif
