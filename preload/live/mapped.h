/* SPDX-License-Identifier: MIT */
/*
 * Anonymous mappings as blocks of the mmap plane.  Unlike malloc's, they can be cut, punched and
 * moved: a cut leaves blocks that keep the birth, stack and attr of the whole.  What was cut off at
 * the front has a new address, so (address, birth) stays an identity.
 *
 * Callers are inside the door.  mapped_lock is held over mmap, munmap and mremap together with the
 * call that tells this table, so that another thread's new mapping at the same address cannot be
 * told first.
 */
#ifndef LIVE_MAPPED_H
#define LIVE_MAPPED_H

#include <stdbool.h>
#include <stdint.h>

#include "live/live.h"

void mapped_lock(void);
void mapped_unlock(void);

/* The rest with the lock held.  [addr, addr + len), page aligned. */
void mapped_insert(struct thread *t, uint64_t addr, uint64_t len, uint32_t kind, uint32_t stack);
void mapped_remove(struct thread *t, uint64_t addr, uint64_t len);

/*
 * mremap did from -> to.  The block (or the part of one) keeps birth, stack and attr; where the old
 * place stays mapped, the new one is a new block.
 */
void mapped_move(struct thread *t, uint64_t from, uint64_t from_len, uint64_t to, uint64_t to_len,
		 bool stays);

void mapped_fork_prepare(void);
void mapped_fork_done(void);

#endif
