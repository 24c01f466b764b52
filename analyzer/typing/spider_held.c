/* SPDX-License-Identifier: MIT */
/*
 * Spiders of requests and responses by what those hold: an object that is in one spider's
 * machinery, too, and that the program itself does not have anywhere.
 */
#include "base/mem.h"
#include "typing/spider_search.h"
#include "typing/spread.h"

#define UNNAMED 1 /* colour of what only requests without a spider hold */

/* Of the program, whichever spider runs: what is found there says nothing. */
static bool is_program(const struct search *search, node_id n)
{
	static const enum cpython_shape shapes[] = { CPYTHON_SHAPE_TYPE, CPYTHON_SHAPE_MODULE,
						     CPYTHON_SHAPE_CODE, CPYTHON_SHAPE_FUNCTION };
	const struct cpython_class *class;

	if (node_is_root(search->heap, n))
		return true;
	class = cpython_class_of(search->p, n);
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		if (class && class->shape == shapes[i])
			return true;
	return false;
}

/* Held by the program itself or by a table of its: constants, globals, class attributes. */
static bool is_programs(const struct search *search, node_id n)
{
	const struct heap *h = search->heap;

	if (is_program(search, n))
		return true;
	for (uint64_t k = h->in_first[n]; k < h->in_first[n + 1]; k++) {
		const node_id holder = owner_of(h, h->in_from[k]);

		if (holder != NODE_NONE && !spread_is_passing(h, holder) &&
		    is_program(search, holder))
			return true;
	}
	return false;
}

/* Values that many have in common without having to do with each other. */
static bool is_common(const struct search *search, node_id n)
{
	static const enum cpython_shape shapes[] = { CPYTHON_SHAPE_STR, CPYTHON_SHAPE_BYTES,
						     CPYTHON_SHAPE_INT };
	const struct cpython_class *class = cpython_class_of(search->p, n);

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		if (class && class->shape == shapes[i])
			return true;
	return is_program(search, n);
}

/* The one spider whose machinery refers to n; 0 where n may come from elsewhere. */
static uint32_t find_machinery(const struct search *search, node_id n)
{
	const struct heap *h = search->heap;
	uint32_t spider = 0;

	if (is_common(search, n))
		return 0;
	for (uint64_t k = h->in_first[n]; k < h->in_first[n + 1]; k++) {
		const node_id holder = owner_of(h, h->in_from[k]);

		if (holder == NODE_NONE || spread_is_passing(h, holder))
			continue;
		if (is_programs(search, holder))
			return 0;
		spider = agree(spider, search->machinery[holder]);
	}
	return spider;
}

/* The same, worked out once: all of a crawler's requests ask for the same few objects. */
static uint32_t spider_of_machinery(struct search *search, node_id n)
{
	if (!search->is_asked[n]) {
		search->is_asked[n] = true;
		search->answer[n] = find_machinery(search, n);
	}
	return search->answer[n];
}

static uint32_t spider_of_targets(struct search *search, node_id block, const uint32_t *of)
{
	const struct heap *h = search->heap;
	uint32_t spider = 0;

	for (uint64_t e = h->out_first[block]; e < h->out_first[block + 1]; e++) {
		const node_id to = h->out_to[e];

		if (of[to] == UNNAMED)
			search_add(search, to);
		else
			spider = agree(spider, spider_of_machinery(search, to));
	}
	return spider;
}

/* What n and what only n and its like hold have in common with one spider's machinery. */
static uint32_t spider_of_held(struct search *search, node_id n, const uint32_t *of)
{
	uint32_t spider = 0;

	search_from(search, n);
	for (uint32_t i = 0; i < search->nr && spider != SHARED; i++) {
		node_id block = search->queue[i];

		for (; block != NODE_NONE; block = search->heap->next_table[block])
			spider = agree(spider, spider_of_targets(search, block, of));
	}
	return spider == SHARED ? 0 : spider;
}

void spider_name_by_held(struct search *search)
{
	const struct heap *h = search->heap;
	_cleanup_free_ uint32_t *of = xcalloc(h->nr_objects + 1ul, sizeof(*of));
	_cleanup_free_ uint32_t *answer = xcalloc(h->nr_objects + 1ul, sizeof(*answer));
	_cleanup_free_ bool *is_asked = xcalloc(h->nr_objects + 1ul, sizeof(*is_asked));

	search->answer = answer;
	search->is_asked = is_asked;
	for (node_id n = 0; n < h->nr_objects; n++)
		of[n] = is_unnamed(search, n) ? UNNAMED : 0;
	spread_colours(h, of);
	for (node_id n = 0; n < h->nr_objects; n++) {
		if (!is_unnamed(search, n))
			continue;
		search->s->of[n] = spider_of_held(search, n, of);
		search->nr_by_held += search->s->of[n] != 0;
	}
}
