/* SPDX-License-Identifier: MIT */
/*
 * Who is started by whom, for HEAPCENSUS_EXEC=stop: a process whose parent has this library is none
 * of the census; and since a parent may have gone (daemons), a forked child does not hand the
 * library on either.
 */
#ifndef TARGET_PARENT_H
#define TARGET_PARENT_H

#include <stdbool.h>

/* Has the parent process mapped this library?  False where that cannot be seen.  Any context. */
bool parent_is_under_census(void);

/* Takes this library out of LD_PRELOAD, in place; the variable goes where it was the only one.  In
 * a process of one thread. */
void parent_drop_preload(char **environment);

#endif
