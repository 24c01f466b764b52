/* SPDX-License-Identifier: MIT */
/*
 * Memory in regions: obstacks of the C library, pools laid out as those of nginx and of the Apache
 * Portable Runtime.  And what has an end in its header, too, but is none of these.
 */
#include <obstack.h>
#include <stdlib.h>

#include "truth.h"

/* ---- obstacks ---- */

static void *take_chunk(size_t size)
{
	void *chunk = malloc(size);

	note(chunk, "arena (obstack)");
	return chunk;
}

static void give_chunk(void *chunk)
{
	gone(chunk);
	free(chunk);
}

#define obstack_chunk_alloc take_chunk
#define obstack_chunk_free  give_chunk

struct word {
	struct word *next;
	char text[40];
};

struct obstack words, lines, empty;
struct word *first_word;

static void fill_obstacks(int nr)
{
	struct obstack *own = malloc(sizeof(*own));

	note(own, "struct obstack");
	obstack_init(&words);
	obstack_init(&empty);
	obstack_begin(&lines, 256);
	obstack_init(own);
	for (int i = 0; i < nr; i++) {
		struct word *w = obstack_alloc(&words, sizeof(*w));

		snprintf(w->text, sizeof(w->text), "word %d", i);
		w->next = first_word;
		first_word = w;
		obstack_printf(&lines, "line %d of some length;", i);
		obstack_1grow(&lines, 0);
		obstack_finish(&lines);
		obstack_copy(own, w, sizeof(*w));
		if (i % 50 == 49) /* what comes after is given back, with its chunks */
			obstack_free(own, obstack_copy(own, w, i * 20));
	}
	first_word->next = (struct word *)obstack_base(own);
}

/* ---- laid out as ngx_pool_t and apr_memnode_t ---- */

struct pool;
struct pool_data {
	unsigned char *last, *end;
	struct pool *next;
	unsigned long failed;
};
struct pool {
	struct pool_data d;
	size_t max;
	struct pool *current;
	void *chain, *large, *cleanup, *log;
};

static struct pool *make_pool(size_t size)
{
	struct pool *p = malloc(size);

	note(p, "arena (ngx_pool_t)");
	memset(p, 0, size);
	p->d.last = (unsigned char *)(p + 1);
	p->d.end = (unsigned char *)p + size;
	p->max = size - sizeof(*p) < 4095 ? size - sizeof(*p) : 4095;
	p->current = p;
	return p;
}

static void *take(struct pool *pool, size_t size)
{
	const size_t all = pool->d.end - (unsigned char *)pool;
	struct pool *p = pool->current, *more;

	for (;; p = p->d.next) {
		if ((size_t)(p->d.end - p->d.last) >= size) {
			p->d.last += size;
			return p->d.last - size;
		}
		if (p->d.failed++ > 4)
			pool->current = p->d.next ? p->d.next : p;
		if (!p->d.next)
			break;
	}
	more = malloc(all);
	note(more, "arena (ngx_pool_t)");
	memset(more, 0, all);
	more->d.end = (unsigned char *)more + all;
	more->d.last = (unsigned char *)more + sizeof(more->d) + size;
	p->d.next = more;
	return more->d.last - size;
}

struct node {
	struct node *next, **ref;
	unsigned index, free_index;
	char *first_avail, *endp;
};

static struct node *make_node(size_t pages, struct node *next)
{
	const size_t size = pages * 4096;
	struct node *n = malloc(size);

	note(n, "arena (apr_memnode_t)");
	memset(n, 0, size);
	n->next = next;
	n->index = pages - 1;
	n->first_avail = (char *)(n + 1) + 100;
	n->endp = (char *)n + size;
	return n;
}

struct pool *pools[3];
struct node *nodes;

static void fill_pools(int nr)
{
	static const size_t sizes[] = { 1024, 16384, 512 };

	for (int i = 0; i < 3; i++) {
		pools[i] = make_pool(sizes[i]);
		for (int k = 0; k < nr; k++)
			memset(take(pools[i], 24 + k % 5 * 16), k, 24);
	}
	for (int i = 0; i < 12; i++)
		nodes = make_node(2 + i % 3, nodes);
}

/* ---- others ---- */

struct buffer { /* the program's own: it begins like an obstack's chunk */
	char *end;
	struct buffer *before;
	long used;
	char bytes[232];
};
struct stream { /* and this like a pool's */
	char *at, *end;
	struct stream *next;
	long nr_errors;
	size_t max;
	struct stream *current;
	char bytes[208];
};

struct buffer *buffers;
struct stream *streams;

static void fill_others(int nr)
{
	for (int i = 0; i < nr; i++) {
		struct buffer *b = malloc(sizeof(*b));
		struct stream *s = malloc(sizeof(*s));

		note(b, "struct buffer");
		note(s, "struct stream");
		memset(b, 0, sizeof(*b));
		memset(s, 0, sizeof(*s));
		b->end = (char *)(b + 1);
		b->before = buffers;
		buffers = b;
		s->at = s->bytes;
		s->end = (char *)(s + 1);
		s->next = streams;
		s->max = sizeof(s->bytes);
		s->current = s;
		streams = s;
	}
}

int main(int argc, char **argv)
{
	(void)argv;
	fill_obstacks(argc * 400);
	fill_pools(argc * 200);
	fill_others(argc * 30);
	wait_for_the_dump();
	return 0;
}
