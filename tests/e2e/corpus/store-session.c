/* SPDX-License-Identifier: MIT */
/*
 * Sessions of the store: what other units see as handles.
 */
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "truth.h"

/* store.c and store-tree.c have others of that name. */
struct entry {
	char *key;
	char *value;
	struct entry *next;
};

struct session {
	struct session *after;
	const char *name;
	struct entry *entries;
	void *data;
	struct jar *jar;
};

struct jar {
	int nr;
	struct entry all[4];
};

static struct entry *entry_new(const char *key, const char *value, struct entry *next)
{
	struct entry *e = malloc(sizeof(*e));

	e->key = strdup(key);
	e->value = strdup(value);
	e->next = next;
	return e;
}

static struct jar *jar_new(int nr)
{
	struct jar *j = calloc(1, sizeof(*j));

	j->nr = nr % 4;
	for (int i = 0; i < j->nr; i++) {
		j->all[i].key = strdup("a cookie's key");
		j->all[i].value = strdup("a cookie's value");
	}
	return j;
}

struct session *session_open(const char *name, struct session *after)
{
	struct session *s = calloc(1, sizeof(*s));

	s->after = after;
	s->name = strdup(name);
	for (int i = 0; i < 7; i++)
		s->entries = entry_new("User-Agent", "a crawler of the corpus", s->entries);
	s->jar = jar_new(3);
	return s;
}

void session_set_data(struct session *s, void *data)
{
	s->data = data;
}

void *session_data(const struct session *s)
{
	return s->data;
}

cookie_t cookie_new(int number)
{
	return jar_new(number);
}

void cookie_tell(cookie_t cookie)
{
	struct jar *j = cookie;

	note(j, "struct jar");
	for (int i = 0; i < j->nr; i++) {
		note(j->all[i].key, "text");
		note(j->all[i].value, "text");
		HOLDS(j, all[i].key);
	}
	truth_flush();
}

void session_tell(struct session *s)
{
	for (; s; s = s->after) {
		note(s, "struct session");
		note(s->name, "text");
		HOLDS(s, after);
		HOLDS(s, name);
		HOLDS(s, entries);
		HOLDS(s, data);
		HOLDS(s, jar);
		cookie_tell(s->jar);
		for (struct entry *e = s->entries; e; e = e->next) {
			note(e, "struct entry");
			note(e->key, "text");
			note(e->value, "text");
			HOLDS(e, key);
			HOLDS(e, value);
			HOLDS(e, next);
		}
	}
	truth_flush();
}
