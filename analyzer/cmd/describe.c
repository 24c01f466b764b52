/* SPDX-License-Identifier: MIT */
/*
 * heapcensus describe: one object as a debugger shows it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "expr/expr.h"
#include "report/describe.h"

#define KEY_FIRST     0x200
#define FIRST_DEFAULT 3

struct describe_arguments {
	const char *path;
	const char *what;
	const char *wrappers;
	uint32_t first;
	unsigned int view;
	struct describe_options options;
};

static const char doc[] =
	"Show what lies at ADDRESS, or the objects that EXPRESSION gives, as a debugger would: "
	"type, "
	"age and site, every field with its value and what it leads to, what refers to it and what "
	"it refers to.\v"
	"An address (0x...) may be in the middle of an object, or that of a variable.  Of several "
	"objects the oldest are shown.\n\n"
	"Examples:\n"
	"  heapcensus describe x.hc 0x55f0c9a3e2a0\n"
	"  heapcensus describe x.hc \"get_oldest('Request')\"\n"
	"  heapcensus describe x.hc \"heap.bytype['struct url']\" --first 10 --json";

static const struct argp_option options[] = {
	{ "all", 'a', NULL, 0, "Shorten nothing: every element, field, text and reference", 0 },
	{ "first", KEY_FIRST, "N", 0, "Show N objects of several (default: 3)", 0 },
	{ "stack", 's', NULL, 0, "Print the whole stack that allocated it", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct describe_arguments *arguments = state->input;
	unsigned long first;
	char *end;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->options.format;
		state->child_inputs[1] = &arguments->path;
		state->child_inputs[2] = &arguments->view;
		state->child_inputs[3] = &arguments->wrappers;
		return 0;
	case 'a':
		arguments->options.all = true;
		return 0;
	case 's':
		arguments->options.with_stack = true;
		return 0;
	case KEY_FIRST:
		first = strtoul(arg, &end, 10);
		if (*end || end == arg || *arg == '-' || first < 1 || first > UINT32_MAX)
			argp_error(state, "--first needs a number from 1 on, not '%s'", arg);
		arguments->first = (uint32_t)first;
		return 0;
	case ARGP_KEY_ARG:
		if (!arguments->path)
			return ARGP_ERR_UNKNOWN;
		if (arguments->what)
			argp_error(state, "more than one expression (quote it for the shell)");
		arguments->what = arg;
		return 0;
	case ARGP_KEY_END:
		if (arguments->path && !arguments->what)
			argp_error(state, "which object?  An address (0x...) or an expression");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Text, one after the other, or one JSON array of them. */
struct output {
	const struct describe_options *options;
	struct json json;
	uint32_t nr;
};

static void output_add(struct output *o, struct description *d)
{
	if (o->options->format == EMIT_JSON) {
		describe_emit(&o->json, d, o->options);
	} else {
		if (o->nr++)
			putchar('\n');
		describe_print(stdout, d, o->options);
	}
	describe_deinit(d);
}

static struct error *show_addr(struct heap *h, uint64_t addr, struct output *o)
{
	struct description d;
	struct error *error = describe_addr(h, addr, o->options, &d);

	if (!error)
		output_add(o, &d);
	return error;
}

static struct error *show_objects(const struct describe_arguments *arguments, struct heap *h,
				  struct output *o)
{
	struct expr_env *env = expr_env_create();
	_cleanup_free_ node_id *ids = NULL;
	struct error *error;
	uint32_t nr;

	expr_env_add_heap(env, "heap", h);
	error = expr_find_objects(env, arguments->what, &ids, &nr);
	expr_env_destroy(env);
	if (error)
		return error;
	if (!nr)
		return error_create("%s: '%s' gives no object", arguments->path, arguments->what);
	for (uint32_t i = 0; i < nr && i < arguments->first; i++) {
		struct description d;

		error = describe_object(h, ids[i], 0, o->options, &d);
		if (error)
			return error;
		output_add(o, &d);
	}
	if (nr > arguments->first)
		fprintf(stderr, "heapcensus: note: the oldest %u of %u objects (--first N)\n",
			arguments->first, nr);
	return NULL;
}

/* "0x" and hexadecimal digits. */
static bool parse_addr(const char *text, uint64_t *ret)
{
	char *end;

	if (strncmp(text, "0x", 2) || !text[2] || text[2] == '-' || text[2] == '+')
		return false;
	errno = 0;
	*ret = strtoull(text + 2, &end, 16);
	return !*end && !errno;
}

struct error *cmd_describe(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &output_json_argp, 0, NULL, 0 }, { &dump_argp, 0, NULL, 0 },
		{ &view_argp, 0, NULL, 0 },	   { &wrappers_argp, 0, NULL, 0 },
		{ &cache_argp, 0, NULL, 0 },	   { 0 }
	};
	static const struct argp argp = { options, parse, "DUMP ADDRESS|EXPRESSION", doc,
					  children };
	struct describe_arguments arguments = { .first = FIRST_DEFAULT };
	_cleanup_(cmd_close) struct opened opened = { 0 };
	struct output o = { .options = &arguments.options, .json = { .out = stdout } };
	struct error *error;
	uint64_t addr;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	opened.wrappers = arguments.wrappers;
	error = cmd_open(arguments.path, arguments.view, HEAP_NEED_WHOLE, &opened);
	if (error)
		return error;
	if (arguments.options.format == EMIT_JSON)
		json_begin_array(&o.json, NULL);
	error = parse_addr(arguments.what, &addr) ? show_addr(opened.heap, addr, &o)
						  : show_objects(&arguments, opened.heap, &o);
	if (error)
		return error;
	if (arguments.options.format == EMIT_JSON) {
		json_end_array(&o.json);
		json_finish(&o.json);
	}
	return NULL;
}
