/* SPDX-License-Identifier: MIT */
/*
 * A glance at a Python object.
 */
#ifndef REPORT_PREVIEW_PYTHON_H
#define REPORT_PREVIEW_PYTHON_H

#include "heap/heap.h"

/*
 * Its repr() where that is a value, else its first attributes that are text: "_url='http://..'
 * method='GET'"; "" where it has none.  Cut; the caller frees it.
 */
char *preview_python(const struct heap *h, node_id n);

/* The text that it is, else the first of these attributes; NULL where there is none.  The caller
 * frees it. */
char *preview_python_text(const struct heap *h, node_id n);

#endif
