/* SPDX-License-Identifier: MIT */
/*
 * A crawler's data as C programs keep it: a hash table of URLs, a queue of requests through an
 * embedded list, a tree, a flexible array, a union, arrays of structs and of pointers, a pool of
 * one allocation, a wrapper around malloc, an object with its text behind it in one block.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "truth.h"

struct list {
	struct list *next, *prev;
};

struct url {
	struct url *next; /* in its bucket */
	char *text;
	unsigned int hash;
	uint16_t port;
};

struct request {
	struct list link;
	struct url *url;
	struct response *response;
	int tries;
	double started;
};

struct header {
	const char *name, *value;
};

struct response {
	int status;
	size_t nr_headers;
	struct header *headers;
	struct request *request;
	struct body *body;
};

struct body {
	size_t len;
	unsigned char bytes[];
};

struct node {
	struct node *left, *right;
	int key;
	void *data;
};

typedef struct {
	double weight[4];
	struct node *root;
} ranking;

enum value_kind { VALUE_NUMBER, VALUE_TEXT, VALUE_TABLE };

struct table {
	int nr;
	struct value *values;
};

struct value {
	enum value_kind kind;
	union {
		long number;
		char *text;
		struct table *table;
	} u;
};

struct name {
	int refs;
	int len;
	char *text; /* behind it, in the same block */
};

struct queue {
	struct list head;
	unsigned long len;
	struct url **seen;
	struct name *owner;
};

static struct url *buckets[64];
static struct queue queue;
static ranking *the_ranking;
static struct value *config;

static void *xmalloc(size_t size)
{
	void *p = malloc(size);

	if (!p)
		abort();
	return p;
}

static char *copy_text(const char *text)
{
	char *copy = strdup(text);

	note(copy, "text");
	return copy;
}

static struct url *add_url(const char *text)
{
	struct url *u = xmalloc(sizeof(*u));
	unsigned int h = 5381;

	note(u, "struct url");
	for (const char *c = text; *c; c++)
		h = h * 33 + (unsigned char)*c;
	u->text = copy_text(text);
	u->hash = h;
	u->port = 80;
	u->next = buckets[h % 64];
	buckets[h % 64] = u;
	return u;
}

static void fill_headers(struct response *r, size_t nr)
{
	r->nr_headers = nr;
	r->headers = calloc(nr, sizeof(*r->headers));
	note(r->headers, "struct header[]");
	for (size_t i = 0; i < nr; i++) {
		r->headers[i].name = copy_text("Content-Type: ");
		r->headers[i].value = copy_text("text/html; charset=utf-8");
	}
}

static struct response *fetch(struct request *request, size_t len)
{
	struct response *r = calloc(1, sizeof(*r));

	note(r, "struct response");
	r->status = 200;
	r->request = request;
	fill_headers(r, 3);
	r->body = malloc(sizeof(*r->body) + len);
	note(r->body, "struct body");
	r->body->len = len;
	memset(r->body->bytes, 'x', len);
	return r;
}

static void enqueue(struct url *url)
{
	struct request *r = malloc(sizeof(struct request));

	note(r, "struct request");
	memset(r, 0, sizeof(*r));
	r->url = url;
	r->response = fetch(r, 100 + queue.len * 7);
	r->link.next = &queue.head;
	r->link.prev = queue.head.prev;
	queue.head.prev->next = &r->link;
	queue.head.prev = &r->link;
	queue.len++;
}

static struct node *insert(struct node *n, int key)
{
	if (!n) {
		n = calloc(1, sizeof(*n));
		note(n, "struct node");
		n->key = key;
		return n;
	}
	if (key < n->key)
		n->left = insert(n->left, key);
	else
		n->right = insert(n->right, key);
	return n;
}

static struct name *make_name(const char *text)
{
	size_t len = strlen(text);
	struct name *n = malloc(sizeof(*n) + len + 1);

	note(n, "struct name + ");
	n->refs = 1;
	n->len = len;
	n->text = (char *)(n + 1);
	memcpy(n->text, text, len + 1);
	return n;
}

static struct value *make_values(int depth)
{
	struct value *v = xmalloc(3 * sizeof(*v));

	note(v, "struct value[]");
	v[0].kind = VALUE_NUMBER;
	v[0].u.number = 42 + depth;
	v[1].kind = VALUE_TEXT;
	v[1].u.text = copy_text("a value of the configuration");
	v[2].kind = VALUE_TABLE;
	v[2].u.table = NULL;
	if (depth) {
		v[2].u.table = malloc(sizeof(struct table));
		note(v[2].u.table, "struct table");
		v[2].u.table->nr = 3;
		v[2].u.table->values = make_values(depth - 1);
	}
	return v;
}

int main(void)
{
	char text[64];

	queue.head.next = queue.head.prev = &queue.head;
	queue.owner = make_name("the owner of this queue");
	queue.seen = malloc(40 * sizeof(*queue.seen));
	note(queue.seen, "struct url *[]");
	for (int i = 0; i < 40; i++) {
		snprintf(text, sizeof(text), "http://127.0.0.1/page/%d.html", i);
		queue.seen[i] = add_url(text);
		enqueue(queue.seen[i]);
	}
	the_ranking = malloc(sizeof(*the_ranking));
	note(the_ranking, "ranking");
	memset(the_ranking, 0, sizeof(*the_ranking));
	for (int i = 0; i < 50; i++)
		the_ranking->root = insert(the_ranking->root, i * 37 % 50);
	config = make_values(4);

	/* Grows: the last one is what is there. */
	int *numbers = NULL;

	for (int i = 1; i < 6; i++) {
		if (numbers)
			gone(numbers);
		numbers = realloc(numbers, i * 10 * sizeof(*numbers));
		note(numbers, "int[]");
		for (int k = 0; k < i * 10; k++)
			numbers[k] = k - 3;
	}
	wait_for_the_dump();
	return numbers[3] == 0 ? 0 : 1;
}
