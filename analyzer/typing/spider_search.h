/* SPDX-License-Identifier: MIT */
/*
 * Inside the search for spiders: what its files share.
 */
#ifndef TYPING_SPIDER_SEARCH_H
#define TYPING_SPIDER_SEARCH_H

#include "typing/cpython/cpython.h"
#include "typing/spider.h"

#define SEARCH_MAX 4096	      /* objects looked at around one */
#define SHARED	   UINT32_MAX /* not one spider's but several */

struct search {
	struct spiders *s;
	struct heap *heap;
	struct cpython *p;
	bool *is_spider, *is_request, *is_response; /* [nr_types] */
	uint32_t *machinery;			    /* [nr_nodes] the spider that it is or runs */
	uint32_t *seen;				    /* [nr_objects] round in which it was seen */
	uint32_t round;
	node_id *queue; /* [SEARCH_MAX] */
	uint32_t nr;	/* in the queue */
	/* Requests and responses that do not say it themselves: how many were named how. */
	uint32_t nr_by_held, nr_by_holder;

	/* [nr_objects] of spider_name_by_held, while it runs. */
	bool *is_asked;
	uint32_t *answer;
};

/* One more opinion; SHARED where they differ. */
static inline uint32_t agree(uint32_t a, uint32_t b)
{
	return !a || a == b ? b : b ? SHARED : a;
}

/* A Request or Response that has no spider yet. */
static inline bool is_unnamed(const struct search *search, node_id n)
{
	const struct heap *h = search->heap;

	return node_is_object(h, n) && !search->s->of[n] &&
	       (search->is_request[h->type[n]] || search->is_response[h->type[n]]);
}

static inline node_id owner_of(const struct heap *h, node_id n)
{
	return node_is_root(h, n) ? n : h->owner[n];
}

static inline void search_from(struct search *search, node_id n)
{
	search->queue[0] = n;
	search->nr = 1;
	search->seen[n] = ++search->round;
}

static inline void search_add(struct search *search, node_id n)
{
	if (search->nr == SEARCH_MAX || search->seen[n] == search->round)
		return;
	search->seen[n] = search->round;
	search->queue[search->nr++] = n;
}

/*
 * A request without a callback keeps objects of the middlewares that it went through, such as the
 * number in meta['download_timeout'].
 */
void spider_name_by_held(struct search *search);

#endif
