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

static const uint8_t *read_node(const struct glib *g, uint64_t addr, uint64_t size)
{
	const node_id n = glib_find_block(g, addr, size);

	return n == NODE_NONE ? NULL : dump_block_bytes(g->heap->dump, n);
}

/* Null, or a node whose other link leads back. */
static bool links_back(const struct glib *g, uint64_t addr, uint64_t back, uint64_t to)
{
	const uint8_t *bytes = addr ? read_node(g, addr, LIST_SIZE) : NULL;

	return !addr || (bytes && glib_word(bytes, back) == to);
}

static bool is_linked(const struct glib *g, node_id n, const uint8_t *bytes)
{
	const uint64_t addr = g->blocks->addr[n];

	return links_back(g, glib_word(bytes, NEXT), PREV, addr) &&
	       links_back(g, glib_word(bytes, PREV), NEXT, addr);
}

static bool begins_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/* Both ends, and as many nodes between them as it says. */
static bool is_queue(const struct glib *g, const uint8_t *bytes)
{
	const uint64_t tail = glib_word(bytes, 8);
	const uint32_t nr = glib_half(bytes, 16);
	uint64_t at = glib_word(bytes, 0), before = 0;

	for (uint32_t i = 0; i < nr; i++) {
		const uint8_t *node = at ? read_node(g, at, LIST_SIZE) : NULL;

		if (!node || glib_word(node, PREV) != before)
			return false;
		before = at;
		at = glib_word(node, NEXT);
	}
	return nr && !at && before == tail && !glib_half(bytes, 20);
}

static bool makes_queues(const char *function)
{
	return !strcmp(function, "g_queue_new") || !strcmp(function, "g_queue_copy");
}

static void settle_node(struct glib *g, node_id n, const uint8_t *bytes)
{
	const struct glib_maker *maker = glib_find_maker(g, n);
	const bool is_alone = !glib_word(bytes, NEXT) && !glib_word(bytes, PREV);

	if (maker->kind == GLIB_MAKER_FUNCTION && makes_queues(maker->function)) {
		if (is_queue(g, bytes) || !(glib_word(bytes, 0) | glib_word(bytes, 8)))
			glib_name(g, n, GLIB_QUEUE);
	} else if (is_queue(g, bytes)) {
		if (maker->kind != GLIB_MAKER_PROGRAM)
			glib_name(g, n, GLIB_QUEUE);
	} else if (is_linked(g, n, bytes)) {
		if (maker->kind == GLIB_MAKER_FUNCTION &&
		    (!is_alone || begins_with(maker->function, "g_list_") ||
		     begins_with(maker->function, "g_queue_")))
			glib_name(g, n, GLIB_LIST);
		else if (maker->kind == GLIB_MAKER_UNKNOWN && !is_alone)
			glib_guess(g, n, GLIB_LIST);
	}
}

static void settle_single(struct glib *g, node_id n, const uint8_t *bytes)
{
	const struct glib_maker *maker = glib_find_maker(g, n);
	const uint64_t next = glib_word(bytes, NEXT);

	if (maker->kind == GLIB_MAKER_FUNCTION && begins_with(maker->function, "g_slist_") &&
	    (!next || read_node(g, next, SLIST_SIZE)))
		glib_name(g, n, GLIB_SLIST);
}

void glib_settle_lists(struct glib *g)
{
	for (node_id n = 0; n < g->heap->nr_objects; n++) {
		const uint64_t size = g->blocks->size[n];
		const uint8_t *bytes =
			(size == LIST_SIZE || size == SLIST_SIZE) && glib_is_open(g, n) &&
					glib_find_maker(g, n)->kind != GLIB_MAKER_NONE
				? dump_block_bytes(g->heap->dump, n)
				: NULL;

		if (bytes && size == LIST_SIZE)
			settle_node(g, n, bytes);
		else if (bytes)
			settle_single(g, n, bytes);
	}
}
