/* SPDX-License-Identifier: MIT */
/*
 * Running programs: names, literals, statements.
 */
#include "expr/eval.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expr/expr.h"
#include "expr/print.h"

static size_t nr_rules(void)
{
	size_t nr = 0;

	while (partition_rules[nr].name)
		nr++;
	return nr;
}

struct expr_env *expr_env_create(void)
{
	return xcalloc(1, sizeof(struct expr_env));
}

void expr_env_add_heap(struct expr_env *env, const char *name, struct heap *h)
{
	struct source *source = xcalloc(1, sizeof(*source));

	source->name = xstrdup(name);
	source->heap = h;
	source->by = xcalloc(nr_rules(), sizeof(struct classifier *));
	env->sources = xrealloc(env->sources, env->nr_sources + 1, sizeof(*env->sources));
	env->sources[env->nr_sources++] = source;
}

static void source_destroy(struct source *source)
{
	for (size_t i = 0; i < nr_rules(); i++)
		classifier_unref(source->by[i]);
	free(source->by);
	free(source->name);
	free(source);
}

void expr_env_destroy(struct expr_env *env)
{
	if (!env)
		return;
	for (size_t i = 0; i < env->nr_variables; i++) {
		free(env->variables[i].name);
		value_unref(env->variables[i].value);
	}
	for (size_t i = 0; i < env->nr_sources; i++)
		source_destroy(env->sources[i]);
	identity_destroy(env->identity);
	free(env->variables);
	free(env->sources);
	free(env);
}

struct value **eval_find_variable(struct expr_env *env, const char *name)
{
	for (size_t i = 0; i < env->nr_variables; i++)
		if (!strcmp(env->variables[i].name, name))
			return &env->variables[i].value;
	return NULL;
}

void eval_set_variable(struct expr_env *env, const char *name, struct value *value)
{
	struct value **old = eval_find_variable(env, name);

	if (old) {
		value_unref(*old);
		*old = value;
		return;
	}
	env->variables = array_grow(env->variables, env->nr_variables, &env->variables_capacity,
				    sizeof(*env->variables));
	env->variables[env->nr_variables++] = (struct variable){ xstrdup(name), value };
}

struct error *eval_rule(struct source *source, const struct partition_rule *rule,
			struct classifier **ret)
{
	struct classifier **cached = &source->by[rule - partition_rules];
	struct error *error = *cached ? NULL : classifier_create(source->heap, rule, cached);

	if (!error)
		*ret = *cached;
	return error;
}

struct error *eval_new_set(struct source *source, struct nodeset *nodes, struct value **ret)
{
	struct classifier *by;
	struct error *error = eval_rule(source, partition_find_rule("bytype"), &by);

	if (error)
		nodeset_unref(nodes);
	else
		*ret = value_create_set(source, nodes, by);
	return error;
}

/* A rule by itself stands for heap.rule. */
static struct error *eval_rule_of_heap(struct source *source, const struct partition_rule *rule,
				       struct value **ret)
{
	struct classifier *by;
	struct error *error = eval_rule(source, rule, &by);

	if (!error)
		*ret = value_create_set(source, nodeset_create_all(source->heap), by);
	return error;
}

static struct error *eval_name(struct expr_env *env, const struct ast *ast, struct value **ret)
{
	struct value **variable = eval_find_variable(env, ast->text);
	const struct partition_rule *rule =
		strncmp(ast->text, "by", 2) ? NULL : partition_find_rule(ast->text);

	if (variable) {
		*ret = value_ref(*variable);
		return NULL;
	}
	if (!strcmp(ast->text, "None")) {
		*ret = value_create(VALUE_NONE);
		return NULL;
	}
	for (size_t i = 0; i < env->nr_sources; i++) {
		struct source *source = env->sources[i];

		if (!strcmp(source->name, ast->text))
			return eval_new_set(source, nodeset_create_all(source->heap), ret);
	}
	if (!strcmp(ast->text, "hpy"))
		return eval_new_set(env->sources[0], nodeset_create_all(env->sources[0]->heap),
				    ret);
	if (rule)
		return eval_rule_of_heap(env->sources[0], rule, ret);
	if (!strcmp(ast->text, "_"))
		return eval_error(env, ast, "_ is the value before; there is none yet");
	return eval_error(env, ast, "no such name: %s", ast->text);
}

static struct error *eval_list(struct expr_env *env, const struct ast *ast, struct value **ret)
{
	_cleanup_value_ struct value *list = value_create(VALUE_LIST);

	for (size_t i = 0; i < ast->nr_kids; i++) {
		struct value *item;
		struct error *error = eval(env, ast->kids[i], &item);

		if (error)
			return error;
		value_list_add(list, item);
		if (list->list.weight > LIST_WEIGHT_MAX)
			return eval_error(env, ast, "the list is too large");
	}
	*ret = value_ref(list);
	return NULL;
}

static struct error *eval_negative(struct expr_env *env, const struct ast *ast, struct value **ret)
{
	_cleanup_value_ struct value *v = NULL;
	struct error *error = eval(env, ast->kids[0], &v);

	if (error)
		return error;
	if (v->kind != VALUE_NUMBER || v->number == INT64_MIN)
		return eval_error(env, ast, "- needs a number, not %s", value_kind_name(v->kind));
	*ret = value_create_number(-v->number);
	return NULL;
}

/* hpy.heap(), h.heap() after h = hpy(): Guppy's session is the heap here. */
static struct error *eval_heap_of_session(struct expr_env *env, const struct ast *call,
					  struct value **ret)
{
	_cleanup_value_ struct value *session = NULL;
	struct error *error = eval(env, call->kids[0]->kids[0], &session);

	if (error)
		return error;
	if (session->kind != VALUE_SET)
		return eval_error(env, call->kids[0], "%s has no heap",
				  value_kind_name(session->kind));
	return eval_function(env, call, ret);
}

static struct error *eval_call(struct expr_env *env, const struct ast *ast, struct value **ret)
{
	const struct ast *callee = ast->kids[0];

	if (callee->kind == AST_NAME)
		return eval_function(env, ast, ret);
	if (callee->kind == AST_ATTRIBUTE && !strcmp(callee->text, "by"))
		return eval_by(env, ast, ret);
	if (callee->kind == AST_ATTRIBUTE && !strcmp(callee->text, "heap"))
		return eval_heap_of_session(env, ast, ret);
	return eval_error(env, callee, "this cannot be called");
}

static struct error *eval_kid_attribute(struct expr_env *env, const struct ast *ast,
					struct value **ret)
{
	_cleanup_value_ struct value *base = NULL;
	struct error *error = eval(env, ast->kids[0], &base);

	return error ? error : eval_attribute(env, ast, base, ret);
}

struct error *eval(struct expr_env *env, const struct ast *ast, struct value **ret)
{
	switch (ast->kind) {
	case AST_NAME:
		return eval_name(env, ast, ret);
	case AST_NUMBER:
		*ret = value_create_number(ast->number);
		return NULL;
	case AST_TEXT:
		*ret = value_create_text(xstrdup(ast->text));
		return NULL;
	case AST_LIST:
		return eval_list(env, ast, ret);
	case AST_EACH:
		return eval_each(env, ast, ret);
	case AST_ATTRIBUTE:
		return eval_kid_attribute(env, ast, ret);
	case AST_INDEX:
	case AST_SLICE:
		return eval_index(env, ast, ret);
	case AST_CALL:
		return eval_call(env, ast, ret);
	case AST_NEGATIVE:
		return eval_negative(env, ast, ret);
	case AST_AND:
	case AST_OR:
	case AST_MINUS:
		return eval_binary(env, ast, ret);
	case AST_PROGRAM:
	case AST_ASSIGN:
	case AST_IMPORT:
	case AST_OMITTED:
	case AST_KEYWORD:
		break;
	}
	BUG("a tree of kind %d is no expression", ast->kind);
}

static struct error *run_statement(struct expr_env *env, const struct ast *statement, FILE *out,
				   const struct table_options *options)
{
	const bool assigns = statement->kind == AST_ASSIGN;
	struct value *value;
	struct error *error;

	if (statement->kind == AST_IMPORT)
		return eval_import(env, statement);
	error = eval(env, assigns ? statement->kids[0] : statement, &value);
	if (error)
		return error;
	if (!assigns && out)
		value_print(out, value, options);
	eval_set_variable(env, assigns ? statement->text : "_", value);
	return NULL;
}

struct error *expr_run(struct expr_env *env, const char *text, FILE *out,
		       const struct table_options *options)
{
	struct ast *program;
	struct error *error = parse_program(text, &program);

	if (error)
		return error;
	env->text = text;
	for (size_t i = 0; i < program->nr_kids && !error; i++)
		error = run_statement(env, program->kids[i], out, options);
	env->text = NULL;
	ast_destroy(program);
	return error;
}
