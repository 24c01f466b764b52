/* SPDX-License-Identifier: MIT */
/*
 * Single objects, a line each: address, size, age, type, site, and a glance at the text they hold
 * or point to.
 */
#ifndef REPORT_OBJECTS_H
#define REPORT_OBJECTS_H

#include <stdio.h>

#include "base/emit.h"
#include "heap/heap.h"

/* with_stacks: the whole stack that made each object as well. */
void objects_print(FILE *out, struct heap *h, const node_id *ids, uint32_t nr,
		   enum emit_format format, bool with_stacks);

#endif
