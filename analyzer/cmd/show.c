/* SPDX-License-Identifier: MIT */
/*
 * heapcensus show: evaluates an expression about a dump and prints its value; without one, what is
 * alive by type.
 */
#include <stdio.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/table_options.h"
#include "expr/expr.h"
#include "expr/need.h"

struct show_arguments {
	const char *path;
	const char *expression;
	const char *wrappers;
	unsigned int view;
	struct table_options table;
	struct opened *opened;
};

static const char doc[] =
	"Evaluate EXPRESSION about DUMP and print its value (default: heap.bytype).\v"
	"Examples:\n"
	"  heapcensus show x.hc\n"
	"  heapcensus show x.hc 'heap.bytype[0].byvia'\n"
	"  heapcensus show x.hc \"heap.bytype['Request'].by(age & site)\" --all\n"
	"  heapcensus show x.hc 'x = heap.bytype; x; _.more; x[0].referrers.bytype'\n\n"
	"Partitions:\n";

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct show_arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->table;
		state->child_inputs[1] = &arguments->path;
		state->child_inputs[2] = &arguments->view;
		state->child_inputs[3] = &arguments->wrappers;
		return 0;
	case ARGP_KEY_ARG:
		if (!arguments->path)
			return ARGP_ERR_UNKNOWN;
		if (arguments->expression)
			argp_error(state, "more than one expression (quote it for the shell)");
		arguments->expression = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static struct error *answer(void *arg, FILE *out)
{
	const struct show_arguments *arguments = arg;
	struct expr_env *env = expr_env_create();
	struct error *error;

	expr_env_add_heap(env, "heap", arguments->opened->heap);
	error = expr_run(env, arguments->expression, out, &arguments->table);
	expr_env_destroy(env);
	return error;
}

struct error *cmd_show(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &table_argp, 0, NULL, 0 }, { &dump_argp, 0, NULL, 0 },
		{ &view_argp, 0, NULL, 0 },  { &wrappers_argp, 0, NULL, 0 },
		{ &cache_argp, 0, NULL, 0 }, { 0 }
	};
	_cleanup_free_ char *rules = table_describe_rules(),
			    *whole_doc = xasprintf("%s%s", doc, rules);
	const struct argp argp = { NULL, parse, "DUMP [EXPRESSION]", whole_doc, children };
	struct show_arguments arguments = { 0 };
	_cleanup_(cmd_close) struct opened o = { 0 };
	struct error *error;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (!arguments.expression)
		arguments.expression = "heap.bytype";
	o.wrappers = arguments.wrappers;
	error = cmd_open(arguments.path, arguments.view, expr_need(arguments.expression), &o);
	arguments.opened = &o;
	return error ? error : cmd_answer(&arguments.opened, 1, answer, &arguments);
}
