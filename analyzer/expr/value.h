/* SPDX-License-Identifier: MIT */
/*
 * Values of the expression language.  Immutable and reference counted; a set's table is worked out
 * when it is first needed.
 */
#ifndef EXPR_VALUE_H
#define EXPR_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "partition/partition.h"
#include "report/live.h"

enum value_kind {
	VALUE_NONE,
	VALUE_NUMBER,
	VALUE_TEXT,
	VALUE_SET,     /* objects, seen through a rule */
	VALUE_OBJECT,  /* one of them */
	VALUE_OBJECTS, /* several in an order of their own */
	VALUE_PYTHON,  /* what a Python program has at an address, in a block or not */
	VALUE_LIST,
	VALUE_LIVE, /* the report of prefs() */
};

/* One of the dumps that an expression is about. */
struct source {
	char *name; /* "heap", "a" */
	struct heap *heap;
	struct classifier **by; /* [number of rules], made on first use: they are caches */
};

struct value {
	uint32_t refs;
	enum value_kind kind;
	struct source *source; /* of set, object, objects, python */
	union {
		int64_t number;
		char *text;
		node_id object;
		uint64_t python;
		struct live *live;
		struct {
			struct nodeset *nodes;
			struct classifier *by;
			struct partition *partition; /* NULL until needed */
			uint32_t page;		     /* `_.more` shows a later one */
			bool all;
			bool summary; /* in muppy's layout */
		} set;
		struct {
			node_id *ids;
			uint32_t nr;
		} objects;
		struct {
			struct value **items;
			size_t nr;
			uint64_t weight; /* items, and items of items, as often as they are printed
					  */
		} list;
	};
};

struct value *value_create(enum value_kind kind);
struct value *value_create_number(int64_t number);
struct value *value_create_text(char *text); /* takes over the text */
/* Takes over nodes; refers to by. */
struct value *value_create_set(struct source *source, struct nodeset *nodes, struct classifier *by);
struct value *value_create_object(struct source *source, node_id object);
struct value *value_create_objects(struct source *source, node_id *ids,
				   uint32_t nr); /* takes over ids */
/* What the Python process of the source has at addr: a number or None, too. */
struct value *value_from_python(struct source *source, uint64_t addr);
/* Takes over the item. */
void value_list_add(struct value *list, struct value *item);

struct value *value_ref(struct value *v);
void value_unref(struct value *v); /* NULL is fine */

static inline void cleanup_value(struct value **v)
{
	value_unref(*v);
}

static inline void nodeset_cleanup(struct nodeset **nodes)
{
	nodeset_unref(*nodes);
}

#define _cleanup_value_ _cleanup_(cleanup_value)

/* "a set", "a number": for messages. */
const char *value_kind_name(enum value_kind kind);
struct partition *value_set_partition(struct value *set);
/* The nodes of a set, an object or objects as a set the caller owns; NULL where the value has none.
 */
struct nodeset *value_nodes(const struct value *v);

#endif
