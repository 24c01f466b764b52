/* SPDX-License-Identifier: MIT */
/*
 * An interpreter's objects: all begin with the same header, which pointers to it lead to; sizes
 * that are multiples of the header's; a vector of anything, by char * and a size; memory that is
 * used again, with what was there before still in fields that nobody has set; pointers that dangle;
 * pointers with a tag in their low bits; structs of the same size from one place; buffers that hold
 * structs only later.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "truth.h"

#define NR_OBJECTS 300

struct object { /* 16 bytes, links to nothing */
	int type, refs;
	const struct class *class;
};

struct class
{
	const char *name;
	size_t size;
};

struct integer { /* 32 bytes: as two objects */
	struct object object;
	long number;
	long unit;
};

struct string { /* and its text, in the same block */
	struct object object;
	size_t len;
	char text[];
};

struct tuple { /* and its items */
	struct object object;
	size_t nr;
	struct object *items[1];
};

struct pair { /* 48 bytes: as three */
	struct object object;
	struct object *first, *second;
	uintptr_t tagged; /* a struct object, and flags */
	long hash;
};

struct boxed { /* the same size as what it holds */
	struct integer integer;
};

/* A vector of anything. */
struct vector {
	char *data;
	size_t nr, room, size;
};

struct point {
	double x, y;
	struct object *label;
};

struct span {
	unsigned int from, to;
};

/* Of one size, from one place. */
struct reader {
	char *buffer;
	struct reader *next;
	struct pair *last;
	long position;
};

struct writer {
	long position;
	struct writer *next;
	char *buffer;
	struct object *object;
};

struct session {
	struct session *next;
	struct pair *current; /* never set */
	struct object *owner;
	struct reader *reader;
	char scratch[40];
};

/* Either is of the same size. */
struct choice {
	int kind;
	union {
		struct reader *reader;
		struct writer *writer;
		long number;
	} of;
};

static const struct class classes[] = {
	{ "integer", sizeof(struct integer) }, { "string", sizeof(struct string) },
	{ "tuple", sizeof(struct tuple) },     { "pair", sizeof(struct pair) },
	{ "boxed", sizeof(struct boxed) },
};

struct object *objects[NR_OBJECTS];
struct vector points, spans;
struct reader *readers;
struct writer *writers;
struct session *sessions;
struct pair *dangling[20];
struct boxed *boxes[20];
void *untyped[60];
struct choice choices[30];

static __attribute__((noinline)) void *object_alloc(size_t size, int type)
{
	struct object *o = malloc(size);

	if (!o)
		abort();
	o->type = type;
	o->refs = 1;
	o->class = &classes[type];
	return o;
}

static struct object *integer_new(long number)
{
	struct integer *i = object_alloc(sizeof(*i), 0);

	note(i, "struct integer : struct object");
	i->number = number;
	i->unit = number % 7;
	return &i->object;
}

static struct object *string_new(const char *text)
{
	const size_t len = strlen(text);
	struct string *s = object_alloc(sizeof(struct string) + len + 1, 1);

	note(s, "struct string : struct object");
	s->len = len;
	memcpy(s->text, text, len + 1);
	return (struct object *)s;
}

static struct object *tuple_new(size_t nr, struct object **items)
{
	struct tuple *t = object_alloc(sizeof(*t) + (nr - 1) * sizeof(struct object *), 2);

	note(t, "struct tuple : struct object");
	t->nr = nr;
	memcpy(t->items, items, nr * sizeof(*items));
	for (size_t i = 0; i < nr; i++)
		HOLDS(t, items[i]);
	return &t->object;
}

static struct pair *pair_new(struct object *first, struct object *second, struct object *third)
{
	struct pair *p = object_alloc(sizeof(*p), 3);

	p->first = first;
	p->second = second;
	p->tagged = (uintptr_t)third | 3;
	p->hash = 77;
	return p;
}

static struct boxed *boxed_new(long number)
{
	struct boxed *b = object_alloc(sizeof(*b), 4);

	note(b, "struct boxed : struct object");
	b->integer.number = number;
	b->integer.unit = 0;
	return b;
}

static void fill_objects(void)
{
	char text[60];

	for (int i = 0; i < NR_OBJECTS; i++) {
		switch (i % 4) {
		case 0:
			objects[i] = integer_new(i);
			break;
		case 1:
			snprintf(text, sizeof(text), "%.*s of an object", i % 17,
				 "a string that is the text");
			objects[i] = string_new(text);
			break;
		case 2:
			objects[i] = tuple_new(1 + i % 5, &objects[i > 5 ? i - 5 : 0]);
			break;
		default:
			objects[i] =
				&pair_new(objects[i - 1], objects[i - 2], objects[i - 3])->object;
			note(objects[i], "struct pair : struct object");
			break;
		}
	}
}

/* ---- a vector of anything ---- */

static void *vector_add(struct vector *v, size_t size)
{
	if (v->nr == v->room) {
		v->room = v->room ? v->room * 2 : 4;
		v->data = realloc(v->data, v->room * size);
		v->size = size;
	}
	return memset(v->data + v->nr++ * size, 0, size);
}

static void fill_vectors(void)
{
	for (int i = 0; i < 50; i++) {
		struct point *p = vector_add(&points, sizeof(*p));
		struct span *s = vector_add(&spans, sizeof(*s));

		p->x = i;
		p->label = objects[i];
		s->from = i;
		s->to = i + 7;
	}
	note(points.data, "struct point[]");
	note(spans.data, "struct span[]");
}

/* ---- memory used again ---- */

static void fill_dangling(void)
{
	struct pair *freed[60];

	for (int i = 0; i < 60; i++)
		freed[i] = pair_new(objects[i], objects[i + 1], objects[i + 2]);
	for (int i = 0; i < 20; i++)
		dangling[i] = freed[i * 3];
	for (int i = 0; i < 60; i++)
		free(freed[i]);
	/* In their places, of their size: of a type that nothing tells, and of one that does. */
	for (int i = 0; i < 60; i++) {
		void *words = memset(malloc(sizeof(struct pair)), i % 8 + 1, sizeof(struct pair));

		untyped[i] = words;
		note(words, "? struct pair");
	}
	for (int i = 0; i < 40; i++) {
		struct session *s = malloc(sizeof(*s));

		note(s, "struct session");
		s->next = sessions;
		s->owner = objects[i];
		s->reader = NULL;
		sessions = s;
	}
}

/* Of one size, and nobody says of which type when it is made. */
static __attribute__((noinline)) void *record_alloc(void)
{
	return malloc(sizeof(struct reader));
}

static void fill_records(void)
{
	for (int i = 0; i < 50; i++) {
		struct reader *r = record_alloc();
		struct writer *w = record_alloc();

		note(r, "struct reader");
		note(w, "struct writer");
		r->buffer = strdup("a buffer of the reader");
		note(r->buffer, "text");
		r->next = readers;
		r->last = NULL;
		r->position = i;
		readers = r;
		w->position = -i;
		w->next = writers;
		w->buffer = strdup("a buffer of the writer");
		note(w->buffer, "text");
		w->object = objects[i];
		writers = w;
		sessions->reader = r;
	}
}

/* Which of the two only .kind tells. */
static void fill_choices(void)
{
	for (int i = 0; i < 30; i++) {
		void *record = memset(record_alloc(), 0, sizeof(struct reader));

		choices[i].kind = i % 3;
		if (i % 3 == 0) {
			choices[i].of.reader = record;
			note(record, "struct reader");
		} else if (i % 3 == 1) {
			choices[i].of.writer = record;
			note(record, "struct writer");
		} else {
			free(record);
			choices[i].of.number = i;
		}
	}
}

int main(void)
{
	fill_objects();
	fill_vectors();
	fill_dangling();
	fill_records();
	fill_choices();
	for (int i = 0; i < 20; i++) {
		boxes[i] = boxed_new(i);
		objects[i]->refs++;
	}
	for (struct session *s = sessions; s; s = s->next)
		HOLDS(s, owner);
	wait_for_the_dump();
	return objects[3]->refs == 17 || dangling[1] == NULL;
}
