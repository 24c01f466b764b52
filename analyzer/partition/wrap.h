/* SPDX-License-Identifier: MIT */
/*
 * Long lines broken as Python's textwrap breaks them, which is how Guppy prints a long row.
 */
#ifndef PARTITION_WRAP_H
#define PARTITION_WRAP_H

#include <stdio.h>

#define WRAP_WIDTH 100

/*
 * Prints prefix and text as one paragraph, then a newline.  Lines are at most WRAP_WIDTH
 * characters; continuation lines are indented to the end of the prefix (characters, not bytes,
 * count).  wide: one line, whatever its length.  Blanks at the ends of lines go.
 */
void wrap_print(FILE *out, const char *prefix, const char *text, int wide);

#endif
