/* SPDX-License-Identifier: MIT */
/*
 * A table as Pympler's muppy prints its summaries.
 */
#ifndef PARTITION_SUMMARY_H
#define PARTITION_SUMMARY_H

#include <stdio.h>

#include "partition/partition.h"

#define SUMMARY_ROWS 15

/* The largest rows, or all of them. */
void summary_print(FILE *out, const struct partition *p, bool all);

#endif
