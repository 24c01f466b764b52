/* SPDX-License-Identifier: MIT */
/*
 * Spiders of a Scrapy process, and what is theirs.
 */
#include "typing/spider.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "typing/cpython/value.h"
#include "typing/subclass.h"

#define CLASS_SPIDER   "scrapy.spiders.Spider"
#define CLASS_REQUEST  "scrapy.http.request.Request"
#define CLASS_RESPONSE "scrapy.http.response.Response"

#define NAME_MAX_LEN 200
#define SEARCH_MAX   4096 /* objects looked at around one */
#define METHOD_SELF  24u  /* of a bound method */
#define SHARED	     UINT32_MAX

struct search {
	struct spiders *s;
	struct heap *heap;
	const struct cpython *p;
	bool *is_spider, *is_request, *is_response; /* [nr_types] */
	uint32_t *seen;				    /* [nr_objects] round in which it was seen */
	uint32_t round;
	node_id *queue; /* [SEARCH_MAX] */
};

/* The number of the name, a new one where there is none. */
static uint32_t add_name(struct spiders *s, const char *name)
{
	uint32_t i;

	for (i = 1; i <= s->nr; i++)
		if (s->names[i] == name)
			return i;
	s->names = xrealloc(s->names, s->nr + 2ul, sizeof(*s->names));
	s->names[++s->nr] = name;
	return i;
}

static const char *spider_name(const struct search *search, node_id n)
{
	const uint64_t addr = object_addr(search->heap, n);
	_cleanup_free_ char *text = NULL;
	uint64_t name;

	if (cpython_plain_attribute(search->p, addr, "name", &name))
		text = cpython_get_utf8(search->p, name, NAME_MAX_LEN);
	return text ? heap_intern_name(search->heap, text)
		    : class_short_name(object_type(search->heap, n)->name);
}

/* The spider that is the object at addr, 0: it is none. */
static uint32_t spider_at(const struct search *search, uint64_t addr)
{
	const node_id n = cpython_find_object(search->p, addr);

	return n != NODE_NONE && search->is_spider[search->heap->type[n]] ? search->s->of[n] : 0;
}

/* object.name is a spider, or a method of one. */
static uint32_t spider_in(const struct search *search, uint64_t object, const char *name)
{
	const struct cpython_class *class;
	uint64_t value;

	if (!cpython_plain_attribute(search->p, object, name, &value))
		return 0;
	class = cpython_class_at(search->p, value);
	return class && class->shape == CPYTHON_SHAPE_METHOD
		       ? spider_at(search, cpython_word(search->p, value + METHOD_SELF))
		       : spider_at(search, value);
}

static uint32_t request_spider(const struct search *search, uint64_t request)
{
	const uint32_t spider = spider_in(search, request, "callback");

	return spider ? spider : spider_in(search, request, "errback");
}

static void name_spiders(struct search *search)
{
	const struct heap *h = search->heap;

	for (node_id n = 0; n < h->nr_objects; n++)
		if (search->is_spider[h->type[n]] && node_is_object(h, n))
			search->s->of[n] = add_name(search->s, spider_name(search, n));
}

static void name_direct(struct search *search)
{
	const struct heap *h = search->heap;

	for (node_id n = 0; n < h->nr_objects; n++) {
		uint64_t object, request;

		if (!node_is_object(h, n))
			continue;
		object = object_addr(h, n);
		if (search->is_request[h->type[n]])
			search->s->of[n] = request_spider(search, object);
		else if (search->is_response[h->type[n]] &&
			 cpython_plain_attribute(search->p, object, "request", &request))
			search->s->of[n] = request_spider(search, request);
	}
}

/* What object n says about a spider by itself. */
static uint32_t spider_of_holder(const struct search *search, node_id n)
{
	if (search->s->of[n])
		return search->s->of[n];
	return cpython_class_of(search->p, n)
		       ? spider_in(search, object_addr(search->heap, n), "spider")
		       : 0;
}

/* Breadth first through what holds n, until something knows its spider. */
static uint32_t spider_of_nearest(struct search *search, node_id n)
{
	const struct heap *h = search->heap;
	uint32_t first = 0, nr = 1;

	search->queue[0] = n;
	search->seen[n] = ++search->round;
	for (; first < nr; first++) {
		const node_id at = search->queue[first];
		const uint32_t spider = at == n ? 0 : spider_of_holder(search, at);

		if (spider)
			return spider;
		for (uint64_t k = h->in_first[at]; k < h->in_first[at + 1]; k++) {
			const node_id from = h->in_from[k];
			node_id owner;

			if (node_is_root(h, from) || nr == SEARCH_MAX)
				continue;
			owner = h->owner[from];
			if (owner == NODE_NONE || search->seen[owner] == search->round)
				continue;
			search->seen[owner] = search->round;
			search->queue[nr++] = owner;
		}
	}
	return 0;
}

static void name_nearest(struct search *search)
{
	const struct heap *h = search->heap;
	_cleanup_free_ uint32_t *found = xcalloc(h->nr_objects + 1ul, sizeof(*found));

	for (node_id n = 0; n < h->nr_objects; n++)
		if (node_is_object(h, n) && !search->s->of[n] &&
		    (search->is_request[h->type[n]] || search->is_response[h->type[n]]))
			found[n] = spider_of_nearest(search, n);
	for (node_id n = 0; n < h->nr_objects; n++)
		if (found[n])
			search->s->of[n] = found[n];
}

/*
 * An object is a spider's when every reference to it comes from the spider's objects.  left[n] is
 * the number of references to n that were not followed yet; only[n] whose all of the others were.
 */
struct spread {
	const struct heap *heap;
	uint32_t *of;
	uint64_t *left;
	uint32_t *only;
	node_id *queue; /* [nr_objects] each at most once */
	uint32_t nr;
};

static void spread_from_block(struct spread *sp, node_id block, uint32_t spider)
{
	const struct heap *h = sp->heap;

	for (uint64_t e = h->out_first[block]; e < h->out_first[block + 1]; e++) {
		const node_id to = h->out_to[e];

		sp->left[to]--;
		if (!sp->only[to])
			sp->only[to] = spider;
		else if (sp->only[to] != spider)
			sp->only[to] = SHARED;
		if (!sp->left[to] && sp->only[to] != SHARED && !sp->of[to]) {
			sp->of[to] = spider;
			sp->queue[sp->nr++] = to;
		}
	}
}

/* A thread that works with an object just now, or left a pointer to it behind, does not own it. */
static bool is_passing(const struct heap *h, node_id from)
{
	return node_is_root(h, from) && h->roots[from - h->nr_objects].kind != ROOT_GLOBAL;
}

static uint64_t nr_owning_references(const struct heap *h, node_id n)
{
	uint64_t nr = 0;

	for (uint64_t k = h->in_first[n]; k < h->in_first[n + 1]; k++)
		nr += !is_passing(h, h->in_from[k]);
	return nr;
}

static void spread(struct spiders *s, const struct heap *h)
{
	_cleanup_free_ uint64_t *left = xcalloc(h->nr_objects + 1ul, sizeof(*left));
	_cleanup_free_ uint32_t *only = xcalloc(h->nr_objects + 1ul, sizeof(*only));
	_cleanup_free_ node_id *queue = xcalloc(h->nr_objects + 1ul, sizeof(*queue));
	struct spread sp = { h, s->of, left, only, queue, 0 };

	for (node_id n = 0; n < h->nr_objects; n++) {
		left[n] = nr_owning_references(h, n);
		if (s->of[n])
			queue[sp.nr++] = n;
	}
	for (uint32_t i = 0; i < sp.nr; i++)
		for (node_id block = queue[i]; block != NODE_NONE; block = h->next_table[block])
			spread_from_block(&sp, block, s->of[queue[i]]);
}

void spiders_init(struct spiders *s, struct heap *h)
{
	_cleanup_free_ bool *is_spider = h->cpython ? subclass_types(h, CLASS_SPIDER) : NULL;
	_cleanup_free_ bool *is_request = h->cpython ? subclass_types(h, CLASS_REQUEST) : NULL;
	_cleanup_free_ bool *is_response = h->cpython ? subclass_types(h, CLASS_RESPONSE) : NULL;
	_cleanup_free_ uint32_t *seen = NULL;
	_cleanup_free_ node_id *queue = NULL;
	struct search search = { .s = s, .heap = h, .p = h->cpython };
	struct error *error;

	*s = (struct spiders){ .names = xcalloc(1, sizeof(*s->names)) };
	if (!h->cpython || !memchr(is_spider, true, h->nr_types))
		return;
	s->of = xcalloc(h->nr_objects + 1ul, sizeof(*s->of));
	search.is_spider = is_spider;
	search.is_request = is_request;
	search.is_response = is_response;
	name_spiders(&search);
	name_direct(&search);
	error = heap_need_graph(h);
	if (error) { /* more references than can be held: those that say it themselves must do */
		error_destroy(error);
		return;
	}
	search.seen = seen = xcalloc(h->nr_objects + 1ul, sizeof(*seen));
	search.queue = queue = xcalloc(SEARCH_MAX, sizeof(*queue));
	name_nearest(&search);
	spread(s, h);
}

void spiders_deinit(struct spiders *s)
{
	free(s->names);
	free(s->of);
}
