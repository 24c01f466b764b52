/* SPDX-License-Identifier: MIT */
/*
 * Programs whose last value is objects, for commands that do something with these.
 */
#include <string.h>

#include "base/mem.h"
#include "expr/eval.h"
#include "expr/expr.h"
#include "report/class.h"
#include "typing/cpython/cpython.h"

static void take_nodes(const struct value *v, node_id **ids, uint32_t *nr)
{
	const struct heap *h = v->source->heap;
	struct nodeset *nodes = value_nodes(v);

	*nr = nodes->nr;
	*ids = xcalloc(*nr + 1ul, sizeof(**ids));
	memcpy(*ids, nodes->ids, *nr * sizeof(**ids));
	class_sort_by_age(h, *ids, *nr);
	nodeset_unref(nodes);
}

static void take_one(node_id object, node_id **ids, uint32_t *nr)
{
	*ids = xcalloc(1, sizeof(**ids));
	**ids = object;
	*nr = 1;
}

/* *ids is NULL: the value is no objects. */
static void take_objects(const struct value *v, node_id **ids, uint32_t *nr)
{
	node_id object;

	*nr = 0;
	*ids = NULL;
	switch (v->kind) {
	case VALUE_SET:
	case VALUE_OBJECT:
	case VALUE_OBJECTS:
		take_nodes(v, ids, nr);
		break;
	case VALUE_PYTHON:
		object = cpython_find_object(v->source->heap->cpython, v->python);
		if (object != NODE_NONE)
			take_one(v->source->heap->owner[object], ids, nr);
		break;
	case VALUE_NONE:
		*ids = xcalloc(1, sizeof(**ids));
		break;
	case VALUE_NUMBER:
	case VALUE_TEXT:
	case VALUE_LIST:
	case VALUE_LIVE:
		break;
	}
}

struct error *expr_find_objects(struct expr_env *env, const char *program, node_id **ids,
				uint32_t *nr)
{
	struct error *error = expr_run(env, program, NULL, NULL);
	struct value **last;

	if (error)
		return error;
	last = eval_find_variable(env, "_");
	if (last)
		take_objects(*last, ids, nr);
	if (!last || !*ids)
		return error_create_usage("expression: '%s' is %s, not objects", program,
					  last ? value_kind_name((*last)->kind) : "nothing");
	return NULL;
}
