/* SPDX-License-Identifier: MIT */
/*
 * Objects of one type, oldest first.
 */
#include "cmd/objects_of_type.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "report/class.h"
#include "report/objects.h"

struct arguments {
	const char *path;
	const char *type;
	const char *wrappers;
	unsigned int view;
	enum emit_format format;
	bool with_stacks;
	uint32_t most; /* objects that are shown */
	struct opened *opened;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->format;
		state->child_inputs[1] = &arguments->path;
		state->child_inputs[2] = &arguments->wrappers;
		state->child_inputs[3] = &arguments->view;
		return 0;
	case 's':
		arguments->with_stacks = true;
		return 0;
	case ARGP_KEY_ARG:
		if (!arguments->path)
			return ARGP_ERR_UNKNOWN;
		if (arguments->type)
			argp_error(state, "more than one type (quote it for the shell)");
		arguments->type = arg;
		return 0;
	case ARGP_KEY_END:
		if (arguments->path && !arguments->type)
			argp_error(state, "which type?  heapcensus live --all lists them");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static struct error *nothing_found(const struct heap *h, const struct arguments *arguments)
{
	_cleanup_free_ char *type = text_escape(arguments->type, strlen(arguments->type));
	const uint32_t nr_parts = class_count_parts(h, arguments->type);

	if (nr_parts)
		return error_create("%s: all %" PRIu32 " blocks of type '%s' count for what holds "
				    "them; --own lists them",
				    arguments->path, nr_parts, type);
	return error_create(
		"%s: nothing of type '%s' is alive; heapcensus live --all lists the types",
		arguments->path, type);
}

static struct error *answer(void *arg, FILE *out)
{
	const struct arguments *arguments = arg;
	struct heap *h = arguments->opened->heap;
	uint32_t nr;
	_cleanup_free_ node_id *ids = class_objects(h, arguments->type, &nr);

	if (!nr)
		return nothing_found(h, arguments);
	objects_print(out, h, ids, nr < arguments->most ? nr : arguments->most, arguments->format,
		      arguments->with_stacks);
	return NULL;
}

struct error *cmd_objects_of_type(int argc, char **argv, const char *doc, uint32_t most)
{
	static const struct argp_child children[] = {
		{ &output_argp, 0, NULL, 0 },	{ &dump_argp, 0, NULL, 0 },
		{ &wrappers_argp, 0, NULL, 0 }, { &own_argp, 0, NULL, 0 },
		{ &cache_argp, 0, NULL, 0 },	{ 0 }
	};
	static const struct argp_option options[] = {
		{ "stack", 's', NULL, 0, "Print the whole stack that allocated each object", 0 },
		{ 0 },
	};
	const struct argp argp = { .options = options,
				   .parser = parse,
				   .args_doc = "DUMP TYPE",
				   .doc = doc,
				   .children = children };
	struct arguments arguments = { 0 };
	_cleanup_(cmd_close) struct opened o = { 0 };

	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	o.wrappers = arguments.wrappers;
	arguments.most = most;
	arguments.opened = &o;

	struct error *error = cmd_open(arguments.path, arguments.view, HEAP_NEED_BLOCKS, &o);

	return error ? error : cmd_answer(&arguments.opened, 1, answer, &arguments);
}
