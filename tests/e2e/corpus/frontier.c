/* SPDX-License-Identifier: MIT */
/*
 * The frontier of a crawler: hosts in a growing hash table, requests in several lists at once by
 * links that lie in the middle of them (container_of), a heap of pointers by priority, vectors that
 * realloc grows, allocation through three layers of wrappers, a record that is known outside by
 * void * only, and roots of every kind: globals, statics of a function, thread-local, on the stack.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "truth.h"

#define NR_HOSTS    90
#define NR_REQUESTS 400

struct link {
	struct link *next, *prev;
};

#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

struct strings {
	char **items;
	size_t nr, room;
};

struct robots {
	struct strings allowed, denied;
	unsigned int delay;
};

struct host {
	char *name;
	uint64_t hash;
	struct host *chain;
	struct robots *robots;
	struct link requests; /* of struct request.by_host */
	unsigned short port;
	unsigned is_slow : 1, is_banned : 1, nr_errors : 6;
};

struct request {
	double priority;
	struct link by_host;
	char *path;
	struct host *host;
	struct link by_age;
	struct request *parent;
	struct timing *timing;
};

struct timing {
	long queued, started, done;
};

struct table {
	struct host **slots;
	size_t nr_slots, nr;
};

struct heap {
	struct request **items;
	size_t nr, room;
};

/* Singly linked, with a pointer to the last link. */
struct event {
	struct event *next;
	int kind;
	struct request *about;
};

struct log {
	struct event *first, **last;
	unsigned long nr;
};

struct frontier {
	struct table hosts;
	struct heap heap;
	struct log log;
	struct link by_age;
	void *statistics; /* struct statistics, of this file only */
};

struct statistics {
	unsigned long counts[12];
	struct sample *samples;
	size_t nr_samples;
};

struct sample {
	long when;
	float rate;
	unsigned short code;
};

static struct frontier *frontier;
static __thread struct strings *thread_texts;

/* ---- allocation in layers ---- */

static __attribute__((noinline)) void *check(void *p)
{
	if (!p)
		abort();
	return p;
}

static __attribute__((noinline)) void *xmalloc(size_t size)
{
	return check(malloc(size));
}

static __attribute__((noinline)) void *xzalloc(size_t size)
{
	return memset(xmalloc(size), 0, size);
}

static __attribute__((noinline)) void *xrealloc(void *p, size_t nr, size_t size)
{
	return check(realloc(p, nr * size));
}

#define NEW(type) ((type *)xzalloc(sizeof(type)))
#define GROW(array, nr, room) \
	((nr) < (room) ? (array) \
		       : xrealloc(array, (room) = (room) ? (room)*2 : 4, sizeof(*(array))))

static __attribute__((noinline)) char *copy(const char *text)
{
	char *p = strdup(text);

	note(p, "text");
	return p;
}

static void strings_add(struct strings *s, const char *text)
{
	s->items = GROW(s->items, s->nr, s->room);
	s->items[s->nr++] = copy(text);
}

/* ---- hosts ---- */

static uint64_t hash_text(const char *text)
{
	uint64_t hash = 14695981039346656037u;

	while (*text)
		hash = (hash ^ (unsigned char)*text++) * 1099511628211u;
	return hash;
}

static void table_resize(struct table *t, size_t nr_slots)
{
	struct host **slots = calloc(nr_slots, sizeof(*slots));

	check(slots);
	for (size_t i = 0; i < t->nr_slots; i++) {
		for (struct host *h = t->slots[i], *next; h; h = next) {
			next = h->chain;
			h->chain = slots[h->hash % nr_slots];
			slots[h->hash % nr_slots] = h;
		}
	}
	free(t->slots);
	t->slots = slots;
	t->nr_slots = nr_slots;
}

static struct robots *robots_parse(int seed)
{
	struct robots *r = xzalloc(sizeof(*r));
	char text[40];

	for (int i = 0; i <= seed % 5; i++) {
		snprintf(text, sizeof(text), "/allowed/by/robots/%d", i);
		strings_add(&r->allowed, text);
		if (i % 2)
			strings_add(&r->denied, text);
	}
	r->delay = seed;
	return r;
}

static struct host *host_add(struct table *t, const char *name, int seed)
{
	struct host *h = NEW(struct host);

	h->name = copy(name);
	h->hash = hash_text(name);
	h->requests.next = h->requests.prev = &h->requests;
	h->port = 80;
	h->is_slow = seed & 1;
	h->nr_errors = seed % 60;
	if (seed % 3)
		h->robots = robots_parse(seed);
	if (t->nr >= t->nr_slots)
		table_resize(t, t->nr_slots ? t->nr_slots * 2 : 8);
	h->chain = t->slots[h->hash % t->nr_slots];
	t->slots[h->hash % t->nr_slots] = h;
	t->nr++;
	return h;
}

/* ---- requests ---- */

static void link_before(struct link *at, struct link *new)
{
	new->next = at;
	new->prev = at->prev;
	at->prev->next = new;
	at->prev = new;
}

static void heap_push(struct heap *heap, struct request *r)
{
	size_t i = heap->nr;

	heap->items = GROW(heap->items, heap->nr, heap->room);
	heap->nr++;
	for (; i && heap->items[(i - 1) / 2]->priority > r->priority; i = (i - 1) / 2)
		heap->items[i] = heap->items[(i - 1) / 2];
	heap->items[i] = r;
}

static void log_event(struct log *log, int kind, struct request *about)
{
	struct event *e = xmalloc(sizeof(struct event));

	e->next = NULL;
	e->kind = kind;
	e->about = about;
	*log->last = e;
	log->last = &e->next;
	log->nr++;
}

static struct request *request_add(struct frontier *f, struct host *host, struct request *parent,
				   int seed)
{
	struct request *r = xmalloc(sizeof(*r));
	char path[60];

	memset(r, 0, sizeof(*r));
	snprintf(path, sizeof(path), "/catalogue/page-%d/index.html", seed);
	r->path = copy(path);
	r->priority = seed * 7919 % 1000 / 10.0;
	r->host = host;
	r->parent = parent;
	link_before(&host->requests, &r->by_host);
	link_before(&f->by_age, &r->by_age);
	if (seed % 4 == 0) {
		r->timing = NEW(struct timing);
		r->timing->queued = seed;
	}
	heap_push(&f->heap, r);
	log_event(&f->log, seed % 3, r);
	return r;
}

/* ---- known by void * ---- */

static void *statistics_new(void)
{
	struct statistics *s = xzalloc(sizeof(struct statistics));

	return s;
}

static void statistics_add(void *handle, long when)
{
	struct statistics *s = handle;

	s->samples = realloc(s->samples, (s->nr_samples + 1) * sizeof(struct sample));
	check(s->samples);
	s->samples[s->nr_samples++] = (struct sample){ when, when / 2.0f, 200 };
	s->counts[when % 12]++;
}

/* ---- the truth ---- */

static void tell_strings(struct strings *s, struct robots *r, const char *path)
{
	if (s->items)
		note(s->items, "char *[]");
	if (s->items && r)
		edge(r, s->items, path);
	for (size_t i = 0; i < s->nr; i++)
		edge(s->items, s->items[i], "[*]");
}

/* Links lead into the middle: of another request, or of the host, which is the list's head. */
static void tell_links(struct host *h, struct request *r)
{
	struct link *next = r->by_host.next, *prev = r->by_host.prev;

	if (next == &h->requests)
		edge(r, h, ".by_host.next@.requests");
	else
		edge(r, container_of(next, struct request, by_host), ".by_host.next@.by_host");
	if (prev == &h->requests)
		edge(r, h, ".by_host.prev@.requests");
	else
		edge(r, container_of(prev, struct request, by_host), ".by_host.prev@.by_host");
}

static void tell_host(struct host *h)
{
	note(h, "struct host");
	HOLDS(h, name);
	HOLDS(h, chain);
	HOLDS(h, robots);
	if (h->robots) {
		note(h->robots, "struct robots");
		tell_strings(&h->robots->allowed, h->robots, ".allowed.items");
		tell_strings(&h->robots->denied, h->robots, ".denied.items");
	}
	for (struct link *l = h->requests.next; l != &h->requests; l = l->next) {
		struct request *r = container_of(l, struct request, by_host);

		note(r, "struct request");
		if (r->timing)
			note(r->timing, "struct timing");
		HOLDS(r, path);
		HOLDS(r, host);
		HOLDS(r, parent);
		HOLDS(r, timing);
		tell_links(h, r);
	}
}

static void tell(struct frontier *f)
{
	struct statistics *s = f->statistics;

	note(f, "struct frontier");
	note(f->hosts.slots, "struct host *[]");
	HOLDS(f, hosts.slots);
	for (size_t i = 0; i < f->hosts.nr_slots; i++) {
		edge(f->hosts.slots, f->hosts.slots[i], "[*]");
		for (struct host *h = f->hosts.slots[i]; h; h = h->chain)
			tell_host(h);
	}
	note(f->heap.items, "struct request *[]");
	HOLDS(f, heap.items);
	for (size_t i = 0; i < f->heap.nr; i++)
		edge(f->heap.items, f->heap.items[i], "[*]");
	HOLDS(f, log.first);
	for (struct event *e = f->log.first; e; e = e->next) {
		note(e, "struct event");
		HOLDS(e, next);
		HOLDS(e, about);
	}
	note(s, "struct statistics");
	HOLDS(f, statistics);
	note(s->samples, "struct sample[]");
	HOLDS(s, samples);
	note(thread_texts, "struct strings");
	tell_strings(thread_texts, NULL, "");
	HOLDS(thread_texts, items);
	ROOTS(frontier);
}

int main(void)
{
	static struct host *hosts[NR_HOSTS];
	struct request *parent = NULL;
	struct strings on_stack = { 0 };
	char name[40];

	frontier = NEW(struct frontier);
	frontier->log.last = &frontier->log.first;
	frontier->by_age.next = frontier->by_age.prev = &frontier->by_age;
	thread_texts = NEW(struct strings);
	for (int i = 0; i < NR_HOSTS; i++) {
		snprintf(name, sizeof(name), "www.host-%d.example.org", i);
		hosts[i] = host_add(&frontier->hosts, name, i);
		if (i % 9 == 0)
			strings_add(thread_texts, name);
		if (i % 7 == 0)
			strings_add(&on_stack, name);
	}
	for (int i = 0; i < NR_REQUESTS; i++) {
		struct request *r = request_add(frontier, hosts[i * 31 % NR_HOSTS], parent, i);

		if (i % 5 == 0)
			parent = r;
	}
	frontier->statistics = statistics_new();
	for (long i = 0; i < 20; i++)
		statistics_add(frontier->statistics, i);
	tell(frontier);
	tell_strings(&on_stack, NULL, "");
	root(hosts[3], "main.hosts[3]");
	wait_for_the_dump();
	return on_stack.nr > 1000;
}
