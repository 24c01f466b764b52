/* SPDX-License-Identifier: MIT */
/*
 * heapcensus live: Scrapy's prefs() for any program.
 */
#include <stdio.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "report/live.h"

struct live_arguments {
	const char *path;
	const char *wrappers;
	unsigned int view;
	const char **ignore; /* [options.nr_ignore] */
	size_t ignore_capacity;
	struct live_options options;
	enum emit_format format;
	struct opened *opened;
	bool is_empty; /* there are no rows */
};

static const char doc[] =
	"Print how many objects of each class are alive in DUMP, and how old the oldest is.\v"
	"Classes are what the program named: tags, C++ classes and Python's own.\n\n"
	"Example: heapcensus live x.hc --ignore Spider";

static const struct argp_option options[] = {
	{ "all", 'a', NULL, 0,
	  "Every type, also those told by content or by the allocating function", 0 },
	{ "ignore", 'i', "CLASS", 0, "Leave out a class and all its subclasses; may be repeated",
	  0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct live_arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->format;
		state->child_inputs[1] = &arguments->path;
		state->child_inputs[2] = &arguments->wrappers;
		state->child_inputs[3] = &arguments->view;
		return 0;
	case 'a':
		arguments->options.all = true;
		return 0;
	case 'i':
		arguments->ignore =
			array_grow(arguments->ignore, arguments->options.nr_ignore,
				   &arguments->ignore_capacity, sizeof(*arguments->ignore));
		arguments->ignore[arguments->options.nr_ignore++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static struct error *answer(void *arg, FILE *out)
{
	struct live_arguments *arguments = arg;
	struct live *live = live_create(arguments->opened->heap, &arguments->options);

	live_print(out, live, arguments->format);
	arguments->is_empty = !live->nr_rows;
	live_destroy(live);
	return NULL;
}

struct error *cmd_live(int argc, char **argv)
{
	static const struct argp_child children[] = {
		{ &output_argp, 0, NULL, 0 },	{ &dump_argp, 0, NULL, 0 },
		{ &wrappers_argp, 0, NULL, 0 }, { &own_argp, 0, NULL, 0 },
		{ &cache_argp, 0, NULL, 0 },	{ 0 }
	};
	static const struct argp argp = { options, parse, "DUMP", doc, children };
	struct live_arguments arguments = { 0 };
	_cleanup_(cmd_close) struct opened o = { 0 };
	struct error *error;

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	arguments.options.ignore = arguments.ignore;
	o.wrappers = arguments.wrappers;
	error = cmd_open(arguments.path, arguments.view, HEAP_NEED_BLOCKS, &o);
	arguments.opened = &o;
	if (!error)
		error = cmd_answer(&arguments.opened, 1, answer, &arguments);
	if (!error && arguments.is_empty && !arguments.options.all)
		fputs("heapcensus: note: the program tagged nothing and no class was recognised; "
		      "--all shows every type\n",
		      stderr);
	free(arguments.ignore);
	return error;
}
