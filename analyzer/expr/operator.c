/* SPDX-License-Identifier: MIT */
/*
 * & | - on sets, of one dump or of two dumps of one process, and - on numbers.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "expr/eval.h"

/* The objects of `to` that the nodes of `from` are; both dumps are of one process. */
static struct nodeset *translate(struct expr_env *env, const struct nodeset *nodes,
				 const struct source *from, const struct source *to)
{
	const bool forward = from == env->sources[0];
	_cleanup_free_ node_id *ids = xcalloc(nodes->nr + 1ul, sizeof(*ids));
	uint32_t nr = 0;

	if (!env->identity)
		env->identity =
			identity_create(env->sources[0]->heap->dump, env->sources[1]->heap->dump);
	for (uint32_t i = 0; i < nodes->nr; i++) {
		const node_id n =
			(forward ? env->identity->a_to_b : env->identity->b_to_a)[nodes->ids[i]];

		if (n != NODE_NONE)
			ids[nr++] = n;
	}
	return nodeset_create(to->heap, ids, nr);
}

/* The right operand's nodes as objects of the left one's dump. */
static struct error *right_nodes(struct expr_env *env, const struct ast *ast,
				 const struct value *left, const struct value *right,
				 struct nodeset **ret)
{
	_cleanup_(nodeset_cleanup) struct nodeset *nodes = value_nodes(right);

	if (left->source == right->source) {
		*ret = nodeset_ref(nodes);
		return NULL;
	}
	if (ast->kind == AST_OR)
		return eval_error(env, ast, "| needs two sets of one dump");
	if (!identity_is_same_process(left->source->heap->dump, right->source->heap->dump))
		return eval_error(
			env, ast,
			"the dumps are of different processes: they have no object in common");
	*ret = translate(env, nodes, right->source, left->source);
	return NULL;
}

static struct nodeset *combine(enum ast_kind kind, const struct heap *h, const struct nodeset *a,
			       const struct nodeset *b)
{
	return kind == AST_AND	? nodeset_and(h, a, b)
	       : kind == AST_OR ? nodeset_or(h, a, b)
				: nodeset_minus(h, a, b);
}

static struct error *eval_sets(struct expr_env *env, const struct ast *ast,
			       const struct value *left, const struct value *right,
			       struct value **ret)
{
	_cleanup_(nodeset_cleanup) struct nodeset *a = value_nodes(left), *b = NULL;
	struct error *error = right_nodes(env, ast, left, right, &b);
	struct nodeset *nodes;

	if (error)
		return error;
	nodes = combine(ast->kind, left->source->heap, a, b);
	if (left->kind != VALUE_SET)
		return eval_new_set(left->source, nodes, ret);
	*ret = value_create_set(left->source, nodes, left->set.by);
	return NULL;
}

static struct error *eval_numbers(struct expr_env *env, const struct ast *ast, int64_t a, int64_t b,
				  struct value **ret)
{
	int64_t number;

	if (__builtin_sub_overflow(a, b, &number))
		return eval_error(env, ast, "the number is too large");
	*ret = value_create_number(number);
	return NULL;
}

struct error *eval_binary(struct expr_env *env, const struct ast *ast, struct value **ret)
{
	_cleanup_value_ struct value *left = NULL, *right = NULL;
	struct error *error = eval(env, ast->kids[0], &left);

	if (!error)
		error = eval(env, ast->kids[1], &right);
	if (error)
		return error;
	if (ast->kind == AST_MINUS && left->kind == VALUE_NUMBER && right->kind == VALUE_NUMBER)
		return eval_numbers(env, ast, left->number, right->number, ret);
	if (!left->source || !right->source)
		return eval_error(env, ast, "%s needs two sets, not %s and %s",
				  ast->kind == AST_AND	? "&"
				  : ast->kind == AST_OR ? "|"
							: "-",
				  value_kind_name(left->kind), value_kind_name(right->kind));
	return eval_sets(env, ast, left, right, ret);
}
