/* SPDX-License-Identifier: MIT */
/*
 * A store of pages in three units: opaque handles, structs of one name that differ from unit to
 * unit (struct entry), tables of rows, arrays of variable length, queues in rings, an arena whose
 * objects are no blocks.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "truth.h"

#define NR_PAGES    120
#define NR_COLUMNS  6
#define ARENA_CHUNK 4000

/* Other units have others of that name. */
struct entry {
	struct entry *newer, *older;
	struct page *page;
	unsigned long used;
};

struct page {
	char *url;
	struct session *session;
	unsigned char *body;
	size_t len;
	struct entry *entry;
	double scores[3];
};

struct ring {
	unsigned int head, tail, mask;
	struct job {
		int kind;
		struct page *page;
		void (*run)(struct page *page);
	} * jobs;
};

/* Rows of cells: a pointer to pointers. */
struct grid {
	int nr_rows;
	double **rows;
	int (*sizes)[NR_COLUMNS]; /* a block of rows */
	char (*names)[16];
};

struct chunk {
	struct chunk *before;
	size_t used;
	char bytes[ARENA_CHUNK];
};

struct arena {
	struct chunk *chunk;
	unsigned long nr;
};

struct word {
	struct word *next;
	uint32_t counts[5];
};

static struct entry *newest, *oldest;
static struct page **pages;
static struct ring ring;
static struct grid grid;
static struct arena arena;
static struct tree *by_url;
static struct word *words;
struct {
	struct session *first;
	cookie_t cookie;
	struct grid *grid;
} state;

/* ---- pages ---- */

static void page_use(struct page *p)
{
	struct entry *e = p->entry;

	if (!e) {
		e = malloc(sizeof(*e));
		e->page = p;
		e->used = 0;
		e->newer = NULL;
		e->older = newest;
		if (newest)
			newest->newer = e;
		newest = e;
		if (!oldest)
			oldest = e;
		p->entry = e;
	}
	e->used++;
}

static struct page *page_new(int number, struct session *session)
{
	struct page *p;
	char url[50];

	if (!(p = calloc(1, sizeof(struct page))))
		abort();
	snprintf(url, sizeof(url), "http://127.0.0.1/store/%d", number);
	p->url = strdup(url);
	p->session = session;
	p->len = 40 + number % 50;
	p->body = malloc(p->len);
	memset(p->body, 0x80 + number % 100, p->len);
	p->scores[1] = number / 3.0;
	return p;
}

static void ring_push(struct ring *r, int kind, struct page *page)
{
	r->jobs[r->head++ & r->mask] = (struct job){ kind, page, page_use };
}

/* ---- tables ---- */

static void grid_fill(struct grid *g, int nr_rows)
{
	g->nr_rows = nr_rows;
	g->rows = malloc(nr_rows * sizeof(*g->rows));
	g->sizes = calloc(nr_rows, sizeof(*g->sizes));
	g->names = malloc(nr_rows * sizeof(*g->names));
	for (int i = 0; i < nr_rows; i++) {
		g->rows[i] = malloc((i + 2) * sizeof(double));
		for (int k = 0; k < i + 2; k++)
			g->rows[i][k] = i + k / 10.0;
		for (int k = 0; k < NR_COLUMNS; k++)
			g->sizes[i][k] = i * k + 1;
		memset(g->names[i], 0, 16);
		snprintf(g->names[i], 16, "row %d", i);
	}
}

/* ---- an arena ---- */

static void *arena_alloc(struct arena *a, size_t size)
{
	struct chunk *c = a->chunk;

	size = (size + 7) / 8 * 8;
	if (!c || c->used + size > ARENA_CHUNK) {
		c = malloc(sizeof(struct chunk));
		c->before = a->chunk;
		c->used = 0;
		a->chunk = c;
	}
	a->nr++;
	c->used += size;
	return c->bytes + c->used - size;
}

static void words_fill(int nr)
{
	for (int i = 0; i < nr; i++) {
		struct word *w = arena_alloc(&arena, sizeof(*w));

		w->next = words;
		w->counts[i % 5] = i;
		words = w;
	}
}

/* An array of a length that only the program knows. */
static long sum_of_lengths(int nr)
{
	size_t lengths[nr];
	long sum = 0;

	for (int i = 0; i < nr; i++)
		lengths[i] = pages[i]->len;
	for (int i = 0; i < nr; i++)
		sum += lengths[i];
	return sum;
}

/* ---- the truth ---- */

static void tell_pages(void)
{
	note(pages, "struct page *[]");
	ROOTS(pages);
	for (int i = 0; i < NR_PAGES; i++) {
		struct page *p = pages[i];

		note(p, "struct page");
		note(p->url, "text");
		note(p->body, "bytes");
		edge(pages, p, "[*]");
		HOLDS(p, url);
		HOLDS(p, session);
		HOLDS(p, body);
		HOLDS(p, entry);
	}
	for (struct entry *e = newest; e; e = e->older) {
		note(e, "struct entry");
		HOLDS(e, newer);
		HOLDS(e, older);
		HOLDS(e, page);
	}
	ROOTS(newest);
	ROOTS(oldest);
}

static void tell_tables(void)
{
	note(ring.jobs, "struct job[]");
	ROOTS(ring.jobs);
	for (unsigned int i = ring.tail; i < ring.head; i++)
		edge(ring.jobs, ring.jobs[i & ring.mask].page, "[*].page");
	note(grid.rows, "double *[]");
	note(grid.sizes, "int[6][]");
	note(grid.names, "char[16][]");
	ROOTS(grid.rows);
	ROOTS(grid.sizes);
	for (int i = 0; i < grid.nr_rows; i++) {
		note(grid.rows[i], "double[]");
		edge(grid.rows, grid.rows[i], "[*]");
	}
	for (struct chunk *c = arena.chunk; c; c = c->before) {
		note(c, "struct chunk");
		HOLDS(c, before);
	}
	ROOTS(arena.chunk);
}

int main(void)
{
	struct session *session = NULL;
	char name[30];

	pages = malloc(NR_PAGES * sizeof(struct page *));
	by_url = tree_new();
	ring.mask = 63;
	ring.jobs = calloc(ring.mask + 1, sizeof(struct job));
	for (int i = 0; i < NR_PAGES; i++) {
		if (i % 10 == 0) {
			snprintf(name, sizeof(name), "session %d", i);
			session = session_open(name, session);
		}
		pages[i] = page_new(i, session);
		tree_put(by_url, pages[i]->url, pages[i]);
		if (i % 3)
			page_use(pages[i]);
		if (i < 40)
			ring_push(&ring, i % 2, pages[i]);
	}
	session_set_data(session, pages[3]);
	state.first = session;
	state.cookie = cookie_new(17);
	state.grid = &grid;
	grid_fill(&grid, 12);
	words_fill(1000);
	tell_pages();
	tell_tables();
	session_tell(session);
	cookie_tell(state.cookie);
	tree_tell(by_url);
	root(state.first, "state.first");
	wait_for_the_dump();
	return sum_of_lengths(NR_PAGES) == 1 || tree_get(by_url, "no such page");
}
