/* SPDX-License-Identifier: MIT */
/*
 * The other source of "pieces": what it defines, pieces.c only declares.
 */
#include "pieces.h"

#include <stdlib.h>

#include "truth.h"

struct index {
	size_t nr;
	struct bucket {
		struct job *first;
		unsigned int nr;
	} * buckets;
};

struct failure {
	int code;
	struct failure *cause;
	double when;
};

struct job *store_add(struct store *s, long cost)
{
	struct job *j = calloc(1, sizeof(*j));

	j->owner = calloc(1, sizeof(*j->owner));
	j->owner->id = s->nr++;
	j->cost = cost;
	j->next = s->jobs;
	s->jobs = j;
	return j;
}

struct index *index_create(size_t nr)
{
	struct index *x = malloc(sizeof(*x));

	x->nr = nr;
	x->buckets = calloc(nr, sizeof(*x->buckets));
	return x;
}

void index_note(struct index *x)
{
	note(x, "struct index");
	note(x->buckets, "struct bucket[]");
}

struct failure *failure_create(int code)
{
	struct failure *f = malloc(sizeof(*f));

	f->code = code;
	f->cause = NULL;
	f->when = code / 3.0;
	return f;
}
