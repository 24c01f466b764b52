/* SPDX-License-Identifier: MIT */
/*
 * Spiders of a Scrapy process, and what is theirs.  The steps, each for the requests and responses
 * that the one before left without a spider: what they say themselves; what they hold of a
 * spider's; what holds them.  Then everything else follows the references.
 */
#include "typing/spider.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/symbol.h"
#include "typing/cpython/value.h"
#include "typing/spider_search.h"
#include "typing/spread.h"
#include "typing/subclass.h"

#define CLASS_SPIDER   "scrapy.spiders.Spider"
#define CLASS_REQUEST  "scrapy.http.request.Request"
#define CLASS_RESPONSE "scrapy.http.response.Response"

#define NAME_MAX_LEN   200
#define CALLABLE_DEPTH 4   /* a partial of a closure of a method ... */
#define METHOD_SELF    24u /* of a bound method */
#define CELL_CONTENTS  16u

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

/* What is known of the object at addr; 0: nothing. */
static uint32_t spider_at(const struct search *search, uint64_t addr)
{
	const node_id n = cpython_find_object(search->p, addr);

	return n == NODE_NONE ? 0 : search->s->of[n];
}

static uint32_t spider_of_callable(const struct search *search, uint64_t value, int depth);

/* A function that was made inside a method knows its self. */
static uint32_t spider_of_closure(const struct search *search, uint64_t function, int depth)
{
	uint64_t closure, cell;

	if (!cpython_plain_attribute(search->p, function, "__closure__", &closure))
		return 0;
	for (int64_t i = 0; cpython_item(search->p, closure, i, &cell); i++) {
		const uint64_t contents = cpython_word(search->p, cell + CELL_CONTENTS);
		const uint32_t spider = spider_of_callable(search, contents, depth + 1);

		if (spider)
			return spider;
	}
	return 0;
}

static uint32_t spider_of_partial(const struct search *search, uint64_t partial, int depth)
{
	uint64_t function, arguments, argument;
	uint32_t spider = 0;

	if (cpython_plain_attribute(search->p, partial, "func", &function))
		spider = spider_of_callable(search, function, depth + 1);
	if (cpython_plain_attribute(search->p, partial, "args", &arguments))
		for (int64_t i = 0; !spider && cpython_item(search->p, arguments, i, &argument);
		     i++)
			spider = spider_at(search, argument);
	return spider;
}

/* The spider that a value is, or that it calls a method of. */
static uint32_t spider_of_callable(const struct search *search, uint64_t value, int depth)
{
	const struct cpython_class *class = cpython_class_at(search->p, value);

	if (!class || depth > CALLABLE_DEPTH)
		return 0;
	if (class->shape == CPYTHON_SHAPE_METHOD)
		return spider_at(search, cpython_word(search->p, value + METHOD_SELF));
	if (class->shape == CPYTHON_SHAPE_FUNCTION)
		return spider_of_closure(search, value, depth);
	if (class->shape == CPYTHON_SHAPE_PARTIAL)
		return spider_of_partial(search, value, depth);
	return spider_at(search, value);
}

/* object.name is a spider, or calls a method of one. */
static uint32_t spider_in(const struct search *search, uint64_t object, const char *name)
{
	uint64_t value;

	return cpython_plain_attribute(search->p, object, name, &value)
		       ? spider_of_callable(search, value, 0)
		       : 0;
}

static uint32_t request_spider(const struct search *search, uint64_t request)
{
	const uint32_t spider = spider_in(search, request, "callback");

	return spider ? spider : spider_in(search, request, "errback");
}

/* With the dict of its attributes, where that is an object. */
static void add_object(struct search *search, uint64_t object, uint32_t spider)
{
	const uint64_t both[] = { object, cpython_instance_dict(search->p, object) };

	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		const node_id n = cpython_find_object(search->p, both[i]);

		if (n != NODE_NONE)
			search->s->of[n] = agree(search->s->of[n], spider);
	}
}

/*
 * What runs a spider, one each: the attributes by which its crawler leads there.  Of a tuple it is
 * the items.
 */
static void name_machinery(struct search *search, uint64_t spider_object, uint32_t spider)
{
	static const char *const paths[][6] = {
		{ "crawler" },
		{ "crawler", "engine" },
		{ "crawler", "engine", "slot" },
		{ "crawler", "engine", "scraper" },
		{ "crawler", "engine", "scraper", "spidermw", "middlewares" },
		{ "crawler", "engine", "downloader" },
		{ "crawler", "engine", "downloader", "middleware", "middlewares" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		uint64_t object = spider_object, item;

		for (const char *const *name = paths[i]; *name && object; name++)
			if (!cpython_plain_attribute(search->p, object, *name, &object))
				object = 0;
		for (int64_t k = 0; cpython_item(search->p, object, k, &item); k++)
			add_object(search, item, spider);
		add_object(search, object, spider);
	}
}

static void name_spiders(struct search *search)
{
	const struct heap *h = search->heap;
	uint32_t *of = search->s->of;

	for (node_id n = 0; n < h->nr_objects; n++)
		if (search->is_spider[h->type[n]] && node_is_object(h, n))
			of[n] = add_name(search->s, spider_name(search, n));
	for (node_id n = 0; n < h->nr_objects; n++)
		if (search->is_spider[h->type[n]] && of[n])
			name_machinery(search, object_addr(h, n), of[n]);
	for (node_id n = 0; n < h->nr_objects; n++)
		of[n] = of[n] == SHARED ? 0 : of[n];
}

static void name_requests(struct search *search)
{
	const struct heap *h = search->heap;

	for (node_id n = 0; n < h->nr_objects; n++)
		if (is_unnamed(search, n) && search->is_request[h->type[n]])
			search->s->of[n] = request_spider(search, object_addr(h, n));
}

static void name_responses(struct search *search)
{
	const struct heap *h = search->heap;

	for (node_id n = 0; n < h->nr_objects; n++)
		if (is_unnamed(search, n))
			search->s->of[n] = spider_in(search, object_addr(h, n), "request");
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

/* Not what a module's functions find in its globals. */
static bool is_global(const struct search *search, node_id owner, uint64_t k, node_id to)
{
	const struct heap *h = search->heap;
	const struct cpython_class *class = cpython_class_of(search->p, owner);

	return class && class->shape == CPYTHON_SHAPE_FUNCTION &&
	       !strcmp(heap_relation(search->heap, h->in_from[k], h->in_offset[k], to),
		       ".__globals__");
}

static bool is_class(const struct search *search, node_id owner)
{
	const struct cpython_class *class = cpython_class_of(search->p, owner);

	return class &&
	       (class->shape == CPYTHON_SHAPE_TYPE || class->shape == CPYTHON_SHAPE_MODULE);
}

static void add_holders(struct search *search, node_id n)
{
	const struct heap *h = search->heap;

	for (uint64_t k = h->in_first[n]; k < h->in_first[n + 1]; k++) {
		const node_id owner = owner_of(h, h->in_from[k]);

		if (owner != NODE_NONE && !node_is_root(h, owner) && !is_class(search, owner) &&
		    !is_global(search, owner, k, n))
			search_add(search, owner);
	}
}

/* Breadth first through what holds n, until something knows its spider. */
static uint32_t spider_of_nearest(struct search *search, node_id n)
{
	uint32_t at = 0, spider = 0;

	search_from(search, n);
	while (at < search->nr && !spider) {
		const uint32_t end = search->nr; /* of those that are equally near */

		for (uint32_t i = at; i < end; i++)
			add_holders(search, search->queue[i]);
		for (at = end; at < search->nr; at++)
			spider = agree(spider, spider_of_holder(search, search->queue[at]));
		at = end;
	}
	return spider == SHARED ? 0 : spider;
}

static void name_nearest(struct search *search)
{
	const struct heap *h = search->heap;
	_cleanup_free_ uint32_t *found = xcalloc(h->nr_objects + 1ul, sizeof(*found));

	for (node_id n = 0; n < h->nr_objects; n++)
		if (is_unnamed(search, n))
			found[n] = spider_of_nearest(search, n);
	for (node_id n = 0; n < h->nr_objects; n++)
		if (found[n]) {
			search->s->of[n] = found[n];
			search->nr_by_holder++;
		}
}

static void add_note(const struct search *search)
{
	_cleanup_free_ char *note = NULL;

	if (!search->nr_by_held && !search->nr_by_holder)
		return;
	note = xasprintf("byscope: requests and responses that do not say whose they are: %" PRIu32
			 " inferred from what they share with a spider's middlewares, %" PRIu32
			 " from what holds them",
			 search->nr_by_held, search->nr_by_holder);
	symbols_add_note(search->heap->symbols, note);
}

void spiders_init(struct spiders *s, struct heap *h)
{
	_cleanup_free_ bool *is_spider = h->cpython ? subclass_types(h, CLASS_SPIDER) : NULL;
	_cleanup_free_ bool *is_request = h->cpython ? subclass_types(h, CLASS_REQUEST) : NULL;
	_cleanup_free_ bool *is_response = h->cpython ? subclass_types(h, CLASS_RESPONSE) : NULL;
	_cleanup_free_ uint32_t *machinery = NULL, *seen = NULL;
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
	search.machinery = machinery = xcalloc(h->nr_nodes + 1ul, sizeof(*machinery));
	name_spiders(&search);
	memcpy(machinery, s->of, h->nr_objects * sizeof(*machinery));
	name_requests(&search);
	name_responses(&search);
	error = heap_need_graph(h);
	if (error) { /* more references than can be held: those that say it themselves must do */
		error_destroy(error);
		return;
	}
	search.seen = seen = xcalloc(h->nr_objects + 1ul, sizeof(*seen));
	search.queue = queue = xcalloc(SEARCH_MAX, sizeof(*queue));
	spider_name_by_held(&search);
	name_responses(&search);
	name_nearest(&search);
	name_responses(&search);
	add_note(&search);
	spread_colours(h, s->of);
}

void spiders_deinit(struct spiders *s)
{
	free(s->names);
	free(s->of);
}
