/* SPDX-License-Identifier: MIT */
/*
 * heapcensus show: evaluates an expression about a dump and prints its value; without one, what is
 * alive by type.
 */
#include <stdio.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "cmd/table_options.h"
#include "expr/brief.h"
#include "expr/expr.h"

struct show_arguments {
	const char *path;
	const char *expression;
	const char *wrappers;
	unsigned int view;
	struct table_options table;
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

static struct error *evaluate(struct opened *o, const struct show_arguments *arguments, FILE *out)
{
	struct expr_env *env = expr_env_create();
	struct error *error;

	cmd_remember(o);
	expr_env_add_heap(env, "heap", o->heap);
	error = expr_run(env, arguments->expression, out, &arguments->table);
	expr_env_destroy(env);
	return error;
}

/* False: the outline was not enough, nothing is printed. */
static bool show_outline(struct opened *o, const struct show_arguments *arguments)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct error *error;

	if (!out)
		mem_exhausted();
	error = evaluate(o, arguments, out);
	if (fclose(out))
		mem_exhausted();
	if (error || o->heap->is_lacking) {
		error_destroy(error);
		return false;
	}
	fwrite(text, len, 1, stdout);
	return true;
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
	error = expr_is_brief(arguments.expression)
			? cmd_open_outline(arguments.path, arguments.view, &o)
			: cmd_open(arguments.path, arguments.view, &o);
	if (!error && o.heap->is_outline && !show_outline(&o, &arguments))
		error = cmd_open_whole(&o);
	return error || o.heap->is_outline ? error : evaluate(&o, &arguments, stdout);
}
