/* SPDX-License-Identifier: MIT */
/*
 * A program of two sources: types that one declares and the other defines, functions of the other
 * that link-time optimization inlines here, an allocation on a path that is never expected to run.
 */
#include "pieces.h"

#include <stdlib.h>

#include "truth.h"

#define NR_JOBS 40

struct history {
	struct history *older;
	int value;
};

static struct store store;
static struct failure *failures[4];
static struct history *history;

static void remember(int value)
{
	static struct history *oldest;
	struct history *h = malloc(sizeof(*h));

	if (__builtin_expect(!h, 0))
		abort();
	h->older = history;
	h->value = value;
	if (!oldest)
		oldest = h;
	history = h;
	note(h, "struct history");
}

int main(int argc, char **argv)
{
	(void)argv;
	for (int i = 0; i < NR_JOBS; i++) {
		struct job *j = store_add(&store, i * argc);

		note(j, "struct job");
		note(j->owner, "struct owner");
		HOLDS(j, owner);
		HOLDS(j, next);
		remember(i);
	}
	store.index = index_create(8);
	index_note(store.index);
	ROOTS(store.index);
	for (int i = 0; i < 4; i++) {
		if (__builtin_expect(argc < 2, 0))
			failures[i] = failure_create(i);
		note(failures[i], "struct failure");
	}
	wait_for_the_dump();
	return 0;
}
