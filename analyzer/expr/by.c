/* SPDX-License-Identifier: MIT */
/*
 * x.by(type & size): a set seen through several rules at once.
 */
#include "base/mem.h"
#include "expr/eval.h"

/* Only names of rules, joined by &. */
static struct error *create_by(struct expr_env *env, const struct ast *ast, struct source *source,
			       struct classifier **ret)
{
	const struct partition_rule *rule =
		ast->kind == AST_NAME ? partition_find_rule(ast->text) : NULL;
	struct classifier *left, *right;
	struct error *error;

	if (ast->kind == AST_AND) {
		error = create_by(env, ast->kids[0], source, &left);
		if (error)
			return error;
		error = create_by(env, ast->kids[1], source, &right);
		if (error)
			classifier_unref(left);
		else
			*ret = classifier_create_and(left, right);
		return error;
	}
	if (!rule)
		return eval_error(env, ast,
				  "expected the name of a partition: type, size, via ...");
	error = eval_rule(source, rule, ret);
	if (!error)
		classifier_ref(*ret);
	return error;
}

struct error *eval_by(struct expr_env *env, const struct ast *call, struct value **ret)
{
	const struct ast *callee = call->kids[0];
	_cleanup_value_ struct value *base = NULL;
	struct classifier *by;
	struct error *error = eval(env, callee->kids[0], &base);

	if (error)
		return error;
	if (base->kind != VALUE_SET)
		return eval_error(env, callee, "%s has no attribute 'by'",
				  value_kind_name(base->kind));
	if (call->nr_kids != 2)
		return eval_error(env, callee, "by needs rules: by(type & size)");
	error = create_by(env, call->kids[1], base->source, &by);
	if (error)
		return error;
	*ret = value_create_set(base->source, nodeset_ref(base->set.nodes), by);
	classifier_unref(by);
	return NULL;
}
