/* SPDX-License-Identifier: MIT */
/*
 * [expr for name in list]
 */
#include <string.h>

#include "base/mem.h"
#include "expr/eval.h"
#include "typing/cpython/value.h"

/* The i-th of what can be gone through; NULL: there is none. */
static struct value *get_item(const struct value *v, size_t i)
{
	uint64_t item;

	if (v->kind == VALUE_OBJECTS)
		return i < v->objects.nr ? value_create_object(v->source, v->objects.ids[i]) : NULL;
	if (v->kind == VALUE_LIST)
		return i < v->list.nr ? value_ref(v->list.items[i]) : NULL;
	return cpython_item(v->source->heap->cpython, v->python, (int64_t)i, &item)
		       ? value_from_python(v->source, item)
		       : NULL;
}

static struct error *run_body(struct expr_env *env, const struct ast *ast,
			      const struct value *items, struct value *list)
{
	struct value *item;

	for (size_t i = 0; (item = get_item(items, i)); i++) {
		struct error *error;
		struct value *result;

		eval_set_variable(env, ast->text, item);
		error = eval(env, ast->kids[0], &result);
		if (error)
			return error;
		value_list_add(list, result);
		if (list->list.weight > LIST_WEIGHT_MAX)
			return eval_error(env, ast, "the list is too large");
	}
	return NULL;
}

struct error *eval_each(struct expr_env *env, const struct ast *ast, struct value **ret)
{
	struct value **variable = eval_find_variable(env, ast->text);
	_cleanup_value_ struct value *outer = variable ? value_ref(*variable) : NULL;
	_cleanup_value_ struct value *items = NULL, *list = value_create(VALUE_LIST);
	struct error *error = eval(env, ast->kids[1], &items);

	if (error)
		return error;
	if (items->kind != VALUE_OBJECTS && items->kind != VALUE_LIST &&
	    items->kind != VALUE_PYTHON)
		return eval_error(env, ast->kids[1], "for needs a list, not %s",
				  value_kind_name(items->kind));
	error = run_body(env, ast, items, list);
	if (error)
		return error;
	if (outer)
		eval_set_variable(env, ast->text, value_ref(outer));
	*ret = value_ref(list);
	return NULL;
}
