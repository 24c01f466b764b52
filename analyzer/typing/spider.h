/* SPDX-License-Identifier: MIT */
/*
 * Which spider of a Scrapy process an object belongs to, from what refers to what: a program need
 * not say anything.
 *
 * A Request belongs to the spider that its callback or errback is a method of, a Response to that
 * of its request; where they do not say, to that of the nearest object that holds them and has a
 * spider.  Anything else belongs to a spider when all that refers to it does; stacks do not count.
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
