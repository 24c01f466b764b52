/* SPDX-License-Identifier: MIT */
/*
 * The allocation gate from the closer's side (live/thread.h has the door's).  With the gate closed
 * no thread is inside an allocator call that the census sees: table and allocator stand still.
 */
#ifndef SNAP_GATE_H
#define SNAP_GATE_H

#include <stdbool.h>
#include <stdint.h>

/* Once, before any second thread: asks the kernel for membarrier; where it has none the door gets
 * its fence. */
void gate_init(void);

/*
 * Closes the gate and waits until every other thread has left the door, at most timeout_ns.  False
 * (and open again) where one has not, or somebody else of this process holds it.  Any context; the
 * caller is outside the door.
 */
bool gate_close(uint64_t timeout_ns);
void gate_open(void);

#endif
