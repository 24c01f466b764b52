/* SPDX-License-Identifier: MIT */
/*
 * heapcensus diff: what the second dump has that the first had not.
 */
#include <stdio.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/table_options.h"
#include "expr/expr.h"
#include "expr/need.h"
#include "report/agree.h"
#include "report/diff.h"

#define KEY_GUPPY 0x200

struct diff_arguments {
	const char *path_a, *path_b;
	const char *expression;
	const char *by;
	const char *wrappers;
	bool guppy;
	unsigned int view;
	struct table_options table;
	struct opened *opened[2];
};

static const char doc[] = "Say what became of the objects between two dumps: new, freed, survived, "
			  "per row of a partition, the largest growth "
			  "first.\v"
			  "Objects are compared by identity: address and birth.  Dumps of "
			  "different processes are compared by the names of the "
			  "rows.\n\n"
			  "With EXPRESSION, evaluate it instead: a is the heap of the first dump, "
			  "b that of the second.\n\n"
			  "Examples:\n"
			  "  heapcensus diff x.1.hc x.2.hc\n"
			  "  heapcensus diff x.1.hc x.2.hc --by 'type & site'\n"
			  "  heapcensus diff x.1.hc x.2.hc '(b - a).bysite'\n";

static const struct argp_option options[] = {
	{ "by", 'b', "PARTITION", 0, "Rows: a partition, or several joined with & (default: type)",
	  0 },
	{ "guppy", KEY_GUPPY, NULL, 0,
	  "Print Guppy's text of the difference of two tables; its A is the second dump, its B the "
	  "first",
	  0 },
	{ 0 },
};

static void take_argument(struct diff_arguments *arguments, char *arg, struct argp_state *state)
{
	if (!arguments->path_a)
		arguments->path_a = arg;
	else if (!arguments->path_b)
		arguments->path_b = arg;
	else if (!arguments->expression)
		arguments->expression = arg;
	else
		argp_error(state, "more than one expression (quote it for the shell)");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct diff_arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->table;
		state->child_inputs[1] = &arguments->view;
		state->child_inputs[2] = &arguments->wrappers;
		return 0;
	case 'b':
		arguments->by = arg;
		return 0;
	case KEY_GUPPY:
		arguments->guppy = true;
		return 0;
	case ARGP_KEY_ARG:
		take_argument(arguments, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (!arguments->path_b)
			argp_error(state, "which two dumps?");
		if (arguments->expression && (arguments->guppy || arguments->by))
			argp_error(state, "an expression says itself how it is shown: no --by or "
					  "--guppy with it");
		if (arguments->guppy && arguments->table.format != EMIT_TEXT)
			argp_error(state, "--guppy is text: no --json or --csv with it");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_guppy(FILE *out, struct heap *a, struct classifier *by_a, struct heap *b,
			struct classifier *by_b, const struct table_options *table)
{
	struct nodeset *set_a = nodeset_create_all(a), *set_b = nodeset_create_all(b);
	struct partition *before = partition_create(a, set_a, by_a),
			 *after = partition_create(b, set_b, by_b);

	diff_print_guppy(out, after, before, table);
	partition_unref(before);
	partition_unref(after);
	nodeset_unref(set_a);
	nodeset_unref(set_b);
}

static struct error *print_diff(const struct diff_arguments *arguments, FILE *out, struct heap *a,
				struct heap *b)
{
	const char *by = arguments->by ? arguments->by : "bytype";
	struct classifier *by_a, *by_b;
	struct error *error = classifier_parse(a, by, &by_a);

	if (error)
		return error;
	error = classifier_parse(b, by, &by_b);
	if (error) {
		classifier_unref(by_a);
		return error;
	}
	if (arguments->guppy) {
		print_guppy(out, a, by_a, b, by_b, &arguments->table);
	} else {
		struct diff *diff = diff_create(a, by_a, b, by_b);

		diff_print(out, diff, &arguments->table);
		diff_destroy(diff);
	}
	classifier_unref(by_a);
	classifier_unref(by_b);
	return NULL;
}

static struct error *print_expression(const struct diff_arguments *arguments, FILE *out,
				      struct heap *a, struct heap *b)
{
	struct expr_env *env = expr_env_create();
	struct error *error;

	expr_env_add_heap(env, "a", a);
	expr_env_add_heap(env, "b", b);
	error = expr_run(env, arguments->expression, out, &arguments->table);
	expr_env_destroy(env);
	return error;
}

static struct error *answer(void *arg, FILE *out)
{
	const struct diff_arguments *arguments = arg;
	struct heap *a = arguments->opened[0]->heap, *b = arguments->opened[1]->heap;

	agree_on_parts(a, b);
	return arguments->expression ? print_expression(arguments, out, a, b)
				     : print_diff(arguments, out, a, b);
}

struct error *cmd_diff(int argc, char **argv)
{
	static const struct argp_child children[] = { { &table_argp, 0, NULL, 0 },
						      { &view_argp, 0, NULL, 0 },
						      { &wrappers_argp, 0, NULL, 0 },
						      { &cache_argp, 0, NULL, 0 },
						      { 0 } };
	static const struct argp argp = { options, parse, "BEFORE AFTER [EXPRESSION]", doc,
					  children };
	struct diff_arguments arguments = { 0 };
	_cleanup_(cmd_close) struct opened a = { 0 }, b = { 0 };
	enum heap_need need;
	struct error *error;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	arguments.opened[0] = &a;
	arguments.opened[1] = &b;
	a.wrappers = b.wrappers = arguments.wrappers;
	need = arguments.expression ? expr_need(arguments.expression) : HEAP_NEED_TYPES;
	if (need == HEAP_NEED_TYPES)
		need = HEAP_NEED_BLOCKS; /* which blocks are the same */
	error = cmd_open(arguments.path_a, arguments.view, need, &a);
	if (!error)
		error = cmd_open(arguments.path_b, arguments.view, need, &b);
	return error ? error : cmd_answer(arguments.opened, 2, answer, &arguments);
}
