/* SPDX-License-Identifier: MIT */
/*
 * Witnesses: the files of this machine that types and names of a dump may come from, the binaries
 * that ran and their debug files, wherever symbols are looked for (heap/symbol.c, libdwfl).  What
 * was worked out while they were as they are is good as long as they are as they were: also a
 * debug file that is missing is a witness.
 *
 * As text, a line each: how it was, a blank, its path.
 */
#ifndef HEAP_WITNESS_H
#define HEAP_WITNESS_H

#include <stdbool.h>

#include "dump/dump.h"

/* Of a dump whose head is open.  symbol_path is absolute, or NULL.  The caller frees it. */
char *witness_create(const struct dump *d, const char *symbol_path);
/* Are all files as that text says? */
bool witness_is_true(const char *text);

#endif
