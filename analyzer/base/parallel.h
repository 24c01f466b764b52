/* SPDX-License-Identifier: MIT */
/*
 * Work in several threads.  What comes out must not depend on how many there are: each piece of it
 * writes what is its own.
 */
#ifndef BASE_PARALLEL_H
#define BASE_PARALLEL_H

#include <stdint.h>

#define PARALLEL_MAX 16

/* How many threads work at most, the caller among them: HEAPCENSUS_THREADS, else one for each
 * processor, up to PARALLEL_MAX. */
unsigned int parallel_threads(void);

/* worker: less than parallel_threads(), another one for each thread. */
typedef void parallel_fn(void *arg, unsigned int worker, uint64_t first, uint64_t end);
/*
 * Calls fn for [0, nr) cut into pieces of at most `piece`, which are begun in ascending order, and
 * comes back when all are done.  Where no thread can be started the caller does it all.
 */
void parallel_for(uint64_t nr, uint64_t piece, parallel_fn *fn, void *arg);

#endif
