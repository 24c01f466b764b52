/* SPDX-License-Identifier: MIT */
/*
 * What the sources of "pieces" share: debug information of both has it, or one place for both.
 */
#ifndef PIECES_H
#define PIECES_H

#include <stddef.h>

struct index; /* pieces-store.c has it */

struct job {
	struct job *next;
	struct owner {
		int id;
		char name[12];
	} * owner;
	long cost;
};

struct store {
	struct job *jobs;
	struct index *index;
	size_t nr;
};

struct job *store_add(struct store *s, long cost);
struct index *index_create(size_t nr);
void index_note(struct index *x);
/* Where most programs never come to; its code may stand apart. */
struct failure *failure_create(int code) __attribute__((cold));

#endif
