/* SPDX-License-Identifier: MIT */
/*
 * Lists.  A node is two or three words that any program's own list may have as well, so it has to
 * come from a function of GLib, or to be linked to from what does; and where the stack does not go
 * far enough to tell, it is a guess.
 *
 *	GList	0 data, 8 next, 16 prev
 *	GSList	0 data, 8 next
 *	GQueue	0 head, 8 tail, 16 length
 */
#include <string.h>

#include "base/mem.h"
#include "typing/glib/glib.h"

#define LIST_SIZE  24u
#define SLIST_SIZE 16u
#define NEXT	   8u
#define PREV	   16u

/* Null, or a node whose other link leads back. */
static bool links_back(const struct glib *g, uint64_t addr, uint64_t back, uint64_t to)
{
	const uint8_t *bytes = addr ? glib_read_place(g, addr, LIST_SIZE) : NULL;

	return !addr || (bytes && load_word(bytes, back) == to);
}

static bool is_linked(const struct glib *g, const struct glib_place *p)
{
	const uint64_t addr = g->blocks->addr[p->block] + p->offset;

	return links_back(g, load_word(p->bytes, NEXT), PREV, addr) &&
	       links_back(g, load_word(p->bytes, PREV), NEXT, addr);
}

static bool begins_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/* Both ends, and as many nodes between them as it says. */
static bool is_queue(const struct glib *g, const uint8_t *bytes)
{
	const uint64_t tail = load_word(bytes, 8);
	const uint32_t nr = load_half(bytes, 16);
	uint64_t at = load_word(bytes, 0), before = 0;

	for (uint32_t i = 0; i < nr; i++) {
		const uint8_t *node = at ? glib_read_place(g, at, LIST_SIZE) : NULL;

		if (!node || load_word(node, PREV) != before)
			return false;
		before = at;
		at = load_word(node, NEXT);
	}
	return nr && !at && before == tail && !load_half(bytes, 20);
}

static bool makes_queues(const char *function)
{
	return !strcmp(function, "g_queue_new") || !strcmp(function, "g_queue_copy");
}

static bool settle_queue(struct glib *g, const struct glib_place *p)
{
	const struct glib_maker *maker = glib_maker_of(g, p);
	const bool is_empty = !(load_word(p->bytes, 0) | load_word(p->bytes, 8));

	if (is_queue(g, p->bytes))
		return maker->kind != GLIB_MAKER_PROGRAM && glib_name_place(g, p, GLIB_QUEUE, true);
	return is_empty && maker->kind == GLIB_MAKER_FUNCTION && makes_queues(maker->function) &&
	       glib_name_place(g, p, GLIB_QUEUE, true);
}

static bool settle_list(struct glib *g, const struct glib_place *p)
{
	const struct glib_maker *maker = glib_maker_of(g, p);
	const bool is_alone = !load_word(p->bytes, NEXT) && !load_word(p->bytes, PREV);

	if (!is_linked(g, p) || maker->kind == GLIB_MAKER_PROGRAM)
		return false;
	if (maker->kind == GLIB_MAKER_UNKNOWN)
		return !is_alone && glib_name_place(g, p, GLIB_LIST, false);
	return (!is_alone || begins_with(maker->function, "g_list_") ||
		begins_with(maker->function, "g_queue_")) &&
	       glib_name_place(g, p, GLIB_LIST, true);
}

static bool settle_single(struct glib *g, const struct glib_place *p)
{
	const struct glib_maker *maker = glib_maker_of(g, p);
	const uint64_t next = load_word(p->bytes, NEXT);

	return maker->kind == GLIB_MAKER_FUNCTION && begins_with(maker->function, "g_slist_") &&
	       (!next || glib_read_place(g, next, SLIST_SIZE)) &&
	       glib_name_place(g, p, GLIB_SLIST, true);
}

void glib_settle_lists(struct glib *g)
{
	glib_each_place(g, LIST_SIZE, settle_queue);
	glib_each_place(g, LIST_SIZE, settle_list);
	glib_each_place(g, SLIST_SIZE, settle_single);
}
