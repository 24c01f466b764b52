/* SPDX-License-Identifier: MIT */
/*
 * Two rules at once: a kind is a pair of kinds, named "a & b".
 */
#include <stdlib.h>

#include "base/mem.h"
#include "partition/kinds.h"
#include "partition/partition.h"

struct both {
	struct classifier base;
	struct classifier *a, *b;
	struct kinds kinds; /* of pairs: a's kind << 32 | b's */
	char **names;	    /* [nr_names], NULL until asked for */
	uint32_t nr_names;
	char *header;
};

static uint32_t classify(struct classifier *c, node_id n)
{
	struct both *both = (struct both *)c;
	const uint64_t a = both->a->classify(both->a, n);

	return kinds_get(&both->kinds, a << 32 | both->b->classify(both->b, n));
}

static const char *name(struct classifier *c, uint32_t kind)
{
	struct both *both = (struct both *)c;
	const uint64_t pair = both->kinds.keys[kind];

	if (kind >= both->nr_names) {
		both->names = xrealloc(both->names, both->kinds.nr, sizeof(*both->names));
		while (both->nr_names < both->kinds.nr)
			both->names[both->nr_names++] = NULL;
	}
	if (!both->names[kind]) {
		/* The two names may live in one buffer where both are the same rule. */
		_cleanup_free_ char *a = xstrdup(both->a->name(both->a, (uint32_t)(pair >> 32)));

		both->names[kind] = xasprintf("%s & %s", a, both->b->name(both->b, (uint32_t)pair));
	}
	return both->names[kind];
}

static void destroy(struct classifier *c)
{
	struct both *both = (struct both *)c;

	for (uint32_t i = 0; i < both->nr_names; i++)
		free(both->names[i]);
	free(both->names);
	kinds_deinit(&both->kinds);
	classifier_unref(both->a);
	classifier_unref(both->b);
	free(both->header);
	free(both);
}

struct classifier *classifier_create_and(struct classifier *a, struct classifier *b)
{
	struct both *both = xcalloc(1, sizeof(*both));

	both->header = xasprintf("%s & %s", a->header, b->header);
	both->base =
		(struct classifier){ .refs = 1, both->header, classify, name, .destroy = destroy };
	both->a = a;
	both->b = b;
	return &both->base;
}
