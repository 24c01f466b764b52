/* SPDX-License-Identifier: MIT */
/*
 * Texts and numbers that one structure has, and some that look so: shared ones, borrowed ones, ones
 * that a global or only an integer leads to, structures without pointers, bytes with objects in
 * them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "truth.h"

#define NR_PAGES 60

struct page {
	struct page *next;
	char *url, *title;
	int status;
};

struct cursor {
	const char *at;
	struct page *page;
};

struct model {
	double *weights;
	int *counts;
	unsigned int nr;
};

struct point {
	int x, y;
};

struct shape {
	struct point *center;
	void *label;
	size_t label_len;
};

struct buffer {
	char *start, *end, *position;
};

struct value {
	int kind;
	union {
		long number;
		char *text;
	} u;
};

struct handle {
	int kind;
	uintptr_t secret;
};

struct words {
	char **list;
	unsigned int nr;
};

struct pool {
	char *bytes;
	size_t size;
};

struct settings {
	char *name;
	struct words *words;
};

static struct page *pages;
static const char *volatile latest;
static struct settings settings;
static struct cursor *volatile cursors[4];
static struct model *model;
static struct shape *shape;
static struct buffer *buffer;
static struct value *values[8];
static struct handle *handle;
static struct pool *pool;

static __attribute__((noinline)) char *text_of(const char *format, int nr)
{
	char text[64];
	const int len = snprintf(text, sizeof(text), format, nr);
	char *copy = malloc(len + 1);

	memcpy(copy, text, len + 1);
	note(copy, "text");
	return copy;
}

static void make_pages(void)
{
	char *shared = NULL;

	for (int i = 0; i < NR_PAGES; i++) {
		struct page *page = malloc(sizeof(*page));

		note(page, "struct page");
		page->status = 200;
		page->url = text_of("http://127.0.0.1/pages/%d", i);
		if (i % 2) {
			shared = text_of("a title for page %d and the next", i);
		} else if (!shared) {
			shared = text_of("the title of page %d alone", i);
			part(shared, page);
		}
		page->title = shared;
		page->next = pages;
		pages = page;
		if (i == NR_PAGES - 1) {
			latest = page->url;
			part(shared, page);
		} else if (i % 20 == 5) {
			struct cursor *c = malloc(sizeof(*c));

			note(c, "struct cursor");
			c->at = page->url + 7;
			c->page = page;
			cursors[i / 20] = c;
		} else {
			part(page->url, page);
		}
	}
}

static void make_numbers(void)
{
	model = malloc(sizeof(*model));
	note(model, "struct model");
	model->nr = 100;
	model->weights = malloc(model->nr * sizeof(double));
	note(model->weights, "double[]");
	part(model->weights, model);
	model->counts = malloc(model->nr * sizeof(int));
	note(model->counts, "int[]");
	part(model->counts, model);
	for (unsigned int i = 0; i < model->nr; i++) {
		model->weights[i] = 1.0 / (i + 1);
		model->counts[i] = -(int)i - 1;
	}
}

static void make_shape(void)
{
	shape = malloc(sizeof(*shape));
	note(shape, "struct shape");
	shape->center = malloc(sizeof(*shape->center));
	note(shape->center, "struct point");
	shape->center->x = shape->center->y = 1;
	shape->label = text_of("label number %d", 1);
	shape->label_len = strlen(shape->label);
	part(shape->label, shape);
}

static void make_buffer(void)
{
	buffer = malloc(sizeof(*buffer));
	note(buffer, "struct buffer");
	buffer->start = text_of("GET /index.html?page=%d HTTP/1.1", 12);
	buffer->end = buffer->start + strlen(buffer->start);
	buffer->position = buffer->start + 4;
	part(buffer->start, buffer);
}

static void make_values(void)
{
	for (int i = 0; i < 8; i++) {
		values[i] = malloc(sizeof(*values[i]));
		note(values[i], "struct value");
		values[i]->kind = i % 2;
		if (i % 2) {
			values[i]->u.text = text_of("a value that is text: %d", i);
			part(values[i]->u.text, values[i]);
		} else {
			values[i]->u.number = i;
		}
	}
}

static void make_handle(void)
{
	handle = malloc(sizeof(*handle));
	note(handle, "struct handle");
	handle->kind = 1;
	handle->secret = (uintptr_t)text_of("only an integer leads here: %d", 1);
}

static void make_pool(void)
{
	pool = malloc(sizeof(*pool));
	note(pool, "struct pool");
	pool->size = 512;
	pool->bytes = calloc(1, pool->size);
	memcpy(pool->bytes + 64, &pages, sizeof(pages));
	memcpy(pool->bytes + 128, "some text", 9);
}

static void make_settings(void)
{
	struct words *w = malloc(sizeof(*w));

	note(w, "struct words");
	settings.name = text_of("the settings' name %d", 1);
	settings.words = w;
	w->nr = 12;
	w->list = malloc(w->nr * sizeof(*w->list));
	note(w->list, "char *[]");
	for (unsigned int i = 0; i < w->nr; i++) {
		w->list[i] = text_of("a word of the list: %d", (int)i);
		part(w->list[i], w->list);
	}
}

int main(void)
{
	const char *borrowed[2];

	make_pages();
	make_numbers();
	make_shape();
	make_buffer();
	make_values();
	make_handle();
	make_pool();
	make_settings();
	borrowed[0] = buffer->start;
	borrowed[1] = pages->next->url;
	__asm__ volatile("" : : "r"(borrowed) : "memory");
	wait_for_the_dump();
	return borrowed[0] == borrowed[1];
}
