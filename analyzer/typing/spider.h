/* SPDX-License-Identifier: MIT */
/*
 * Which spider of a Scrapy process an object belongs to, from what refers to what: a program need
 * not say anything.
 *
 * A spider's are its crawler, engine, downloader, scraper and middlewares.  A Request belongs to
 * the spider that its callback or errback calls a method of (bound method, partial, closure), a
 * Response to that of its request.  Where they do not say, it is inferred, and a note says how
 * often:
 *   - they hold an object that is in one spider's middlewares and nowhere in the program: a request
 *     that was sent keeps that crawler's timeout;
 *   - else the nearest object that holds them and has a spider; where two are equally near, none.
 * Anything else belongs to a spider when all that refers to it does; stacks do not count.
 */
#ifndef TYPING_SPIDER_H
#define TYPING_SPIDER_H

#include "heap/heap.h"

struct spiders {
	const char **names; /* [nr + 1] interned; [0] is nobody */
	uint32_t nr;
	uint32_t *of; /* [nr_objects] index in names; NULL where there is no spider */
};

void spiders_init(struct spiders *s, struct heap *h);
void spiders_deinit(struct spiders *s);

#endif
