/* SPDX-License-Identifier: MIT */
/*
 * Which object of one dump is which of another of the same process: the same address, born at the
 * same tick as the same running number of the same thread.
 */
#ifndef REPORT_IDENTITY_H
#define REPORT_IDENTITY_H

#include "heap/heap.h"

/*
 * a_to_b[n] is the object of B that A's object n is, or NODE_NONE where it was freed in between;
 * b_to_a likewise, NODE_NONE for new ones. The two are inverse to each other.
 */
struct identity {
	node_id *a_to_b;
	node_id *b_to_a;
};

/* Both dumps are of one process: pid, host, program and the moment of its start agree. */
bool identity_is_same_process(const struct dump *a, const struct dump *b);
struct identity *identity_create(const struct dump *a, const struct dump *b);
void identity_destroy(struct identity *identity); /* NULL is fine */

#endif
