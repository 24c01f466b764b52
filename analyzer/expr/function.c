/* SPDX-License-Identifier: MIT */
/*
 * The functions: heap() and what Scrapy's trackref offers.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expr/eval.h"
#include "expr/list.h"
#include "typing/cpython/value.h"
#include "typing/subclass.h"

typedef struct error *function_fn(struct expr_env *env, const struct ast *call, struct value **ret);

static struct error *no_arguments(struct expr_env *env, const struct ast *call)
{
	return call->nr_kids == 1 ? NULL
				  : eval_error(env, call->kids[1], "%s takes no argument",
					       call->kids[0]->text);
}

static struct error *function_heap(struct expr_env *env, const struct ast *call, struct value **ret)
{
	struct source *source = env->sources[0];
	struct error *error = no_arguments(env, call);

	return error ? error : eval_new_set(source, nodeset_create_all(source->heap), ret);
}

/* types: [nr_types], which ones */
static struct error *set_of_types(struct source *source, const bool *types, struct value **ret)
{
	const struct heap *h = source->heap;
	_cleanup_free_ node_id *ids = xcalloc(h->nr_objects + 1ul, sizeof(*ids));
	uint32_t nr = 0;

	for (node_id n = 0; n < h->nr_objects; n++)
		if (types[h->type[n]] && node_is_object(h, n))
			ids[nr++] = n;
	return eval_new_set(source, nodeset_create(h, ids, nr), ret);
}

static struct error *function_live(struct expr_env *env, const struct ast *call, struct value **ret)
{
	struct source *source = env->sources[0];
	const struct heap *h = source->heap;
	struct error *error = no_arguments(env, call);
	struct classes classes;

	if (error)
		return error;
	classes_init(&classes, h);
	error = set_of_types(source, classes.is_class, ret);
	classes_deinit(&classes);
	return error;
}

/* The name of a type that a value stands for: a text, or a class of the process.  NULL: none. */
static const char *type_name(const struct value *v)
{
	const struct cpython_class *class = NULL;

	if (v->kind == VALUE_TEXT)
		return v->text;
	if (v->kind == VALUE_PYTHON)
		class = cpython_find_class(v->source->heap->cpython, v->python);
	return class ? class->name : NULL;
}

/* The one argument, which has a type_name. */
static struct error *type_argument(struct expr_env *env, const struct ast *call, struct value **ret)
{
	const char *name = call->kids[0]->text;
	struct error *error;

	if (call->nr_kids != 2 || call->kids[1]->kind == AST_KEYWORD)
		return eval_error(env, call, "%s needs the name of a type: %s('Request')", name,
				  name);
	error = eval(env, call->kids[1], ret);
	if (error || type_name(*ret))
		return error;
	error = eval_error(env, call->kids[1], "the name of a type is a text, not %s",
			   value_kind_name((*ret)->kind));
	value_unref(*ret);
	*ret = NULL;
	return error;
}

static struct error *function_subclasses(struct expr_env *env, const struct ast *call,
					 struct value **ret)
{
	struct source *source = env->sources[0];
	_cleanup_value_ struct value *type = NULL;
	_cleanup_free_ bool *types = NULL;
	struct error *error = type_argument(env, call, &type);

	if (error)
		return error;
	types = subclass_types(source->heap, type_name(type));
	return set_of_types(source, types, ret);
}

static struct error *function_iter_all(struct expr_env *env, const struct ast *call,
				       struct value **ret)
{
	struct source *source = env->sources[0];
	_cleanup_value_ struct value *type = NULL;
	struct error *error = type_argument(env, call, &type);
	node_id *ids;
	uint32_t nr;

	if (error)
		return error;
	ids = class_objects(source->heap, type_name(type), &nr);
	*ret = value_create_objects(source, ids, nr);
	return NULL;
}

static struct error *function_get_oldest(struct expr_env *env, const struct ast *call,
					 struct value **ret)
{
	_cleanup_value_ struct value *all = NULL;
	struct error *error = function_iter_all(env, call, &all);

	if (!error)
		*ret = all->objects.nr ? value_create_object(all->source, all->objects.ids[0])
				       : value_create(VALUE_NONE);
	return error;
}

/* The types of ignore=: one, a list of them, or None. */
static struct error *ignored_types(struct expr_env *env, const struct ast *argument,
				   const struct value *v, const char ***ret, size_t *nr)
{
	const bool is_list = v->kind == VALUE_LIST;
	const size_t most = is_list ? v->list.nr : v->kind == VALUE_NONE ? 0 : 1;
	_cleanup_free_ const char **names = xcalloc(most + 1, sizeof(*names));

	for (*nr = 0; *nr < most; ++*nr) {
		names[*nr] = type_name(is_list ? v->list.items[*nr] : v);
		if (!names[*nr])
			return eval_error(env, argument,
					  "ignore is the name of a type, or a list of names");
	}
	*ret = names;
	names = NULL;
	return NULL;
}

static struct error *function_prefs(struct expr_env *env, const struct ast *call,
				    struct value **ret)
{
	const struct ast *argument = call->nr_kids > 1 ? call->kids[1] : NULL;
	const bool keyword = argument && argument->kind == AST_KEYWORD;
	_cleanup_value_ struct value *ignore = NULL;
	_cleanup_free_ const char **texts = NULL;
	struct live_options options = { 0 };
	struct error *error = NULL;

	if (call->nr_kids > 2 || (keyword && strcmp(argument->text, "ignore") != 0))
		return eval_error(env, call->nr_kids > 2 ? call->kids[2] : argument,
				  "prefs takes ignore= only");
	if (argument)
		error = eval(env, keyword ? argument->kids[0] : argument, &ignore);
	if (!error && ignore)
		error = ignored_types(env, argument, ignore, &texts, &options.nr_ignore);
	if (error)
		return error;
	options.ignore = texts;
	*ret = value_create(VALUE_LIVE);
	(*ret)->live = live_create(env->sources[0]->heap, &options);
	return NULL;
}

#define function_hpy		 function_heap
#define function_print_live_refs function_prefs

static const struct {
	const char *name;
	function_fn *call;
} functions[] = {
#define FUNCTION_ROW(name, need, summary) { #name, function_##name },
	FUNCTIONS(FUNCTION_ROW)
#undef FUNCTION_ROW
};

bool eval_is_function(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (!strcmp(functions[i].name, name))
			return true;
	return false;
}

struct error *eval_function(struct expr_env *env, const struct ast *call, struct value **ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		if (!strcmp(functions[i].name, call->kids[0]->text))
			return functions[i].call(env, call, ret);
	return eval_error(env, call, "no such function: %s", call->kids[0]->text);
}
