/* SPDX-License-Identifier: MIT */
/*
 * A glance at an object: the text that it holds, or that its first pointers lead to.
 */
#ifndef REPORT_PREVIEW_H
#define REPORT_PREVIEW_H

#include "heap/heap.h"

/*
 * "\"http://...\"", "+0x8 \"http://...\" +0x10 \"GET\"", or "" where there is no text; of Python
 * objects as in preview_python.h.  Escaped and cut: fit for a terminal.  The caller frees it.
 */
char *preview_object(const struct heap *h, node_id n);

/* The first of these texts, whole and as it is in memory; NULL where there is none.  The caller
 * frees it. */
char *preview_first_text(const struct heap *h, node_id n);

#endif
