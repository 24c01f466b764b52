/* SPDX-License-Identifier: MIT */
/*
 * Two dumps of one process, looked at alike.
 */
#ifndef REPORT_AGREE_H
#define REPORT_AGREE_H

#include "heap/heap.h"

/*
 * A block that lives in both, and is a part (heap/fold.h) in one and an object in the other,
 * becomes an object in both: nobody made or freed it.  Before their graphs are asked for.
 */
void agree_on_parts(struct heap *a, struct heap *b);

#endif
