/* SPDX-License-Identifier: MIT */
/*
 * One operation of one thread of ground.c, logged.
 */
#ifndef GROUND_STEP_H
#define GROUND_STEP_H

#include <pthread.h>

#include "ground.h"

#define GROUND_PIECE 128	/* bytes from a pool piece to the next */

struct worker {
	pthread_t thread;
	uint32_t index;
	uint64_t random;
	uint64_t nr_operations, nr_errors;
	uint64_t births;
};

extern struct ground_log ground_log;
extern char *ground_pieces[GROUND_NR_THREADS * GROUND_NR_PIECES];

void worker_step(struct worker *w);

/* Counts an error; says the first few. */
void worker_complain(struct worker *w, const char *what, const char *form, uint64_t size);

#endif
