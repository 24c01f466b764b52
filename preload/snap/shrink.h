/* SPDX-License-Identifier: MIT */
/*
 * Giving back the shadow of heap that the allocator has given back.
 *
 * glibc's own munmap, brk and madvise cannot be seen, so it is looked for: when the program's live
 * bytes have fallen by a good part, when it has freed as much as it has, and after a snapshot.  A
 * page of shadow goes where no block has anything in it and none of the heap pages that it covers
 * is resident, else it would soon be needed again.  It is looked at without stopping anybody, but
 * looked at again, and given back, with the gate closed: nobody writes a record then.
 *
 * Under trigger.c's busy, outside the door, signals blocked.  errno is kept.
 */
#ifndef SNAP_SHRINK_H
#define SNAP_SHRINK_H

#include <stdint.h>

/* Once a tick, with the estimates of live bytes and of all that were freed: looks where there may
 * be something, for a few milliseconds at most; the next call goes on. */
void shrink_look(uint64_t live_bytes, uint64_t freed_bytes);

/* There may be something anyway. */
void shrink_ask(void);

#endif
