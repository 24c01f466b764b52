/* SPDX-License-Identifier: MIT */
/*
 * The expression language: Guppy's own, on dumps.  docs/expressions.md is its reference.
 *
 *   env = expr_env_create(); expr_env_add_heap(env, "heap", h); expr_run(env,
 * "heap.bytype[0].byvia", stdout, &options);
 */
#ifndef EXPR_EXPR_H
#define EXPR_EXPR_H

#include <stdio.h>

#include "heap/heap.h"
#include "partition/table.h"

struct expr_env;

struct expr_env *expr_env_create(void);
/* The heap must outlive the environment.  The first one is what heap() and the functions mean. */
void expr_env_add_heap(struct expr_env *env, const char *name, struct heap *h);
void expr_env_destroy(struct expr_env *env); /* NULL is fine */

/*
 * Runs the statements of a program and prints the value of each that is an expression, which is `_`
 * for the next.  Variables stay for the next call.  What was printed before an error stays printed.
 * out NULL: nothing is printed, and options may be NULL.
 */
struct error *expr_run(struct expr_env *env, const char *program, FILE *out,
		       const struct table_options *options) __attribute__((warn_unused_result));
/*
 * Runs a program, printing nothing, and gives the objects that its last value is: of a set the
 * oldest first.  *ids is the caller's.  A value of another kind is an error.
 */
struct error *expr_find_objects(struct expr_env *env, const char *program, node_id **ids,
				uint32_t *nr) __attribute__((warn_unused_result));

#endif
