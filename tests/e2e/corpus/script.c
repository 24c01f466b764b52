/* SPDX-License-Identifier: MIT */
/*
 * The objects of a script language: a common header with the kind in it, all in one list, values
 * that are a kind and a union, one function that allocates for everybody.  Of some kinds only the
 * kind tells what they are, and of one no pointer of its type is anywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "truth.h"

#define HEADER \
	struct object *next; \
	unsigned char kind, mark

struct object {
	HEADER;
};

enum kind { KIND_STRING = 3, KIND_PAIR, KIND_TABLE, KIND_CLOSURE };

struct value {
	union {
		struct object *object;
		double number;
		long integer;
	} u;
	int kind;
};

struct string {
	HEADER;
	unsigned int hash;
	unsigned long len;
	char text[];
};

struct pair {
	HEADER;
	struct value first;
	struct pair *rest;
};

struct table {
	HEADER;
	unsigned int nr;
	struct value *items;
	struct table *parent;
	struct string *name;
};

struct closure {
	HEADER;
	void (*code)(struct closure *self);
	struct table *scope;
	long calls;
};


struct machine {
	struct object *all;
	struct string *interned[16];
	struct table *globals;
	struct pair *pending;
	unsigned long nr;
};

static struct machine *machine;

static __attribute__((noinline)) void *resize(void *old, size_t size)
{
	void *p = realloc(old, size);

	if (!p)
		abort();
	return p;
}

static __attribute__((noinline)) struct object *make(struct machine *m, enum kind kind, size_t size)
{
	struct object *o = resize(NULL, size);

	memset(o, 0, size);
	o->kind = kind;
	o->mark = m->nr++ & 1;
	o->next = m->all;
	m->all = o;
	return o;
}

static struct string *make_string(struct machine *m, int i)
{
	char text[64];
	const int len = snprintf(text, sizeof(text), "string number %d of the script", i);
	struct string *s = (struct string *)make(m, KIND_STRING, sizeof(*s) + len + 1);

	memcpy(s->text, text, len + 1);
	s->len = len;
	s->hash = i * 2654435761u;
	note(s, "struct string");
	return s;
}

static void run(struct closure *self)
{
	self->calls++;
}

static struct table *make_table(struct machine *m, struct table *parent, int i)
{
	struct table *t = (struct table *)make(m, KIND_TABLE, sizeof(*t));

	t->parent = parent;
	t->nr = 3;
	t->items = resize(NULL, 3 * sizeof(*t->items));
	note(t, "struct table");
	note(t->items, "struct value[]");
	memset(t->items, 0, 3 * sizeof(*t->items));
	t->items[0].u.integer = i;
	t->items[1].u.object = (struct object *)make_string(m, i);
	t->items[1].kind = KIND_STRING;
	return t;
}

static void make_closure(struct machine *m, struct table *scope)
{
	struct closure *c = (struct closure *)make(m, KIND_CLOSURE, sizeof(*c));

	c->code = run;
	c->scope = scope;
	scope->items[2].u.object = (struct object *)c;
	scope->items[2].kind = KIND_CLOSURE;
	note(c, "struct closure");
}

static void make_pair(struct machine *m, struct object *first)
{
	struct pair *p = (struct pair *)make(m, KIND_PAIR, sizeof(*p));

	p->first.u.object = first;
	p->first.kind = first->kind;
	p->rest = m->pending;
	m->pending = p;
	note(p, "struct pair");
}

int main(void)
{
	machine = resize(NULL, sizeof(*machine));
	memset(machine, 0, sizeof(*machine));
	note(machine, "struct machine");
	machine->globals = make_table(machine, NULL, 0);
	for (int i = 0; i < 16; i++)
		machine->interned[i] = make_string(machine, i);
	for (int i = 0; i < 40; i++) {
		struct table *t = make_table(machine, machine->globals, i);

		make_closure(machine, t);
		if (i % 2)
			make_pair(machine, (struct object *)t);
	}
	wait_for_the_dump();
	return 0;
}
