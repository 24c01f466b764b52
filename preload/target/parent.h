/* SPDX-License-Identifier: MIT */
/*
 * The process that started this one, for HEAPCENSUS_EXEC=stop.
 */
#ifndef TARGET_PARENT_H
#define TARGET_PARENT_H

#include <stdbool.h>

/* Has the parent process mapped this library?  False where that cannot be seen.  Any context. */
bool parent_is_under_census(void);

#endif
