/* SPDX-License-Identifier: MIT */
/*
 * A tree by key for values of any type, balanced by chance (a treap); its nodes keep the height
 * that they need (skip links), so they are of many sizes.
 */
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "truth.h"

/* store.c and store-session.c have others of that name. */
struct entry {
	unsigned int priority;
	struct entry *left, *right;
	const char *key;
	void *value;
};

/* As many links as it has levels. */
struct skip {
	struct entry *entry;
	int nr_levels;
	struct skip *links[1];
};

struct tree {
	struct entry *root;
	struct skip *skips;
	unsigned long nr;
	unsigned int seed;
};

struct tree *tree_new(void)
{
	struct tree *t = calloc(1, sizeof(struct tree));

	t->seed = 12345;
	return t;
}

static unsigned int next_random(struct tree *t)
{
	t->seed = t->seed * 1103515245 + 12345;
	return t->seed >> 8;
}

static struct entry *rotate(struct entry *e, struct entry **child, struct entry **grandchild)
{
	struct entry *up = *child;

	*child = *grandchild;
	*grandchild = e;
	return up;
}

static struct entry *put(struct entry *e, struct entry *new)
{
	if (!e)
		return new;
	if (strcmp(new->key, e->key) < 0) {
		e->left = put(e->left, new);
		if (e->left->priority > e->priority)
			return rotate(e, &e->left, &e->left->right);
	} else {
		e->right = put(e->right, new);
		if (e->right->priority > e->priority)
			return rotate(e, &e->right, &e->right->left);
	}
	return e;
}

static void skip_add(struct tree *t, struct entry *e)
{
	const int nr = 1 + t->nr % 3;
	struct skip *s = malloc(sizeof(*s) + (nr - 1) * sizeof(s->links[0]));

	s->entry = e;
	s->nr_levels = nr;
	for (int i = 0; i < nr; i++)
		s->links[i] = t->skips;
	t->skips = s;
}

void tree_put(struct tree *t, const char *key, void *value)
{
	struct entry *e = calloc(1, sizeof(*e));

	e->key = key;
	e->value = value;
	e->priority = next_random(t);
	t->root = put(t->root, e);
	if (t->nr++ % 2)
		skip_add(t, e);
}

void *tree_get(struct tree *t, const char *key)
{
	for (struct entry *e = t->root; e;) {
		const int order = strcmp(key, e->key);

		if (!order)
			return e->value;
		e = order < 0 ? e->left : e->right;
	}
	return NULL;
}

static void tell_entry(struct entry *e)
{
	if (!e)
		return;
	note(e, "struct entry");
	HOLDS(e, left);
	HOLDS(e, right);
	HOLDS(e, key);
	HOLDS(e, value);
	tell_entry(e->left);
	tell_entry(e->right);
}

void tree_tell(struct tree *t)
{
	note(t, "struct tree");
	HOLDS(t, root);
	HOLDS(t, skips);
	tell_entry(t->root);
	for (struct skip *s = t->skips; s; s = s->links[0]) {
		note(s, "struct skip");
		HOLDS(s, entry);
		HOLDS(s, links[0]);
	}
	truth_flush();
}
