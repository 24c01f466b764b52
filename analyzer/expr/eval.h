/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the evaluator share.  Functions that can fail return an error that points at
 * the tree's place, and nothing else.
 */
#ifndef EXPR_EVAL_H
#define EXPR_EVAL_H

#include "expr/lex.h"
#include "expr/parse.h"
#include "expr/value.h"
#include "report/identity.h"

struct variable {
	char *name;
	struct value *value;
};

struct expr_env {
	struct source **sources; /* [nr_sources]; the first is meant where none is named */
	size_t nr_sources;
	struct variable *variables;
	size_t nr_variables, variables_capacity;
	const char *text;	   /* of the program that runs, for errors */
	struct identity *identity; /* between sources 0 and 1, NULL until needed */
};

/* x = [x, x] doubles what must be printed. */
#define LIST_WEIGHT_MAX (1u << 24)

#define eval_error(env, ast, ...) expr_error_at((env)->text, (ast)->at, __VA_ARGS__)

struct error *eval(struct expr_env *env, const struct ast *ast, struct value **ret)
	__attribute__((warn_unused_result));
/* NULL: there is none of that name. */
struct value **eval_find_variable(struct expr_env *env, const char *name);
/* Takes over the value. */
void eval_set_variable(struct expr_env *env, const char *name, struct value *value);
/* from MODULE import NAME; import MODULE */
struct error *eval_import(struct expr_env *env, const struct ast *import)
	__attribute__((warn_unused_result));
/* [kid 0 for text in kid 1] */
struct error *eval_each(struct expr_env *env, const struct ast *ast, struct value **ret)
	__attribute__((warn_unused_result));
/* The rule `name` on a source; at points where the name stands. */
struct error *eval_rule(struct source *source, const struct partition_rule *rule,
			struct classifier **ret) __attribute__((warn_unused_result));
/* kid 0 . text */
struct error *eval_attribute(struct expr_env *env, const struct ast *ast, struct value *base,
			     struct value **ret) __attribute__((warn_unused_result));
bool eval_is_function(const char *name);
/* function ( arguments ) */
struct error *eval_function(struct expr_env *env, const struct ast *call, struct value **ret)
	__attribute__((warn_unused_result));
/* set . by ( rule & rule ) */
struct error *eval_by(struct expr_env *env, const struct ast *call, struct value **ret)
	__attribute__((warn_unused_result));
/* kid 0 [ ... ] */
struct error *eval_index(struct expr_env *env, const struct ast *ast, struct value **ret)
	__attribute__((warn_unused_result));
/* & | - */
struct error *eval_binary(struct expr_env *env, const struct ast *ast, struct value **ret)
	__attribute__((warn_unused_result));

/* nodes (taken over) of a source, seen by type as a new set is. */
struct error *eval_new_set(struct source *source, struct nodeset *nodes, struct value **ret)
	__attribute__((warn_unused_result));

#endif
