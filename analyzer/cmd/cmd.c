/* SPDX-License-Identifier: MIT */
/*
 * Argument parsers and steps that commands share.
 */
#include "cmd/cmd.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/timings.h"
#include "heap/interior.h"
#include "typing/typing.h"

#define KEY_NO_CACHE 0x301
#define KEY_THREADS  0x302
#define KEY_WRAPPERS 0x300 /* beyond the commands' own */

static error_t parse_output(int key, char *arg, struct argp_state *state)
{
	enum emit_format *format = state->input;

	(void)arg;
	switch (key) {
	case 'j':
		*format = EMIT_JSON;
		return 0;
	case 'c':
		*format = EMIT_CSV;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

#define OPTION_JSON \
	{ \
		"json", 'j', NULL, 0, "Print JSON", 0 \
	}

static const struct argp_option output_options[] = {
	OPTION_JSON,
	{ "csv", 'c', NULL, 0, "Print CSV", 0 },
	{ 0 },
};
static const struct argp_option output_json_options[] = { OPTION_JSON, { 0 } };

const struct argp output_argp = { .options = output_options, .parser = parse_output };
const struct argp output_json_argp = { .options = output_json_options, .parser = parse_output };

static error_t parse_dump(int key, char *arg, struct argp_state *state)
{
	const char **path = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (*path)
			argp_error(state, "more than one dump");
		*path = arg;
		return 0;
	case ARGP_KEY_END:
		if (!*path)
			argp_error(state, "which dump?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp dump_argp = { .parser = parse_dump };

#define KEY_VIEW 0x1000 /* with an enum cmd_view */

static error_t parse_own(int key, char *arg, struct argp_state *state)
{
	unsigned int *view = state->input;

	(void)arg;
	if (key != (KEY_VIEW | CMD_VIEW_OWN) && key != (KEY_VIEW | CMD_VIEW_THOROUGH))
		return ARGP_ERR_UNKNOWN;
	*view |= key & ~KEY_VIEW;
	return 0;
}

static const struct argp_option own_options[] = {
	{ "own", KEY_VIEW | CMD_VIEW_OWN, NULL, 0,
	  "Every block as it is: what counts for an object (a text, a dict's keys) is a row of its "
	  "own",
	  0 },
	{ "thorough", KEY_VIEW | CMD_VIEW_THOROUGH, NULL, 0,
	  "Tell untyped blocks by what leads to them in dumps of over 4 million blocks, too", 0 },
	{ 0 },
};

const struct argp own_argp = { .options = own_options, .parser = parse_own };

static error_t parse_view(int key, char *arg, struct argp_state *state)
{
	unsigned int *view = state->input;

	(void)arg;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = view;
		return 0;
	case KEY_VIEW | CMD_VIEW_EXACT_INDEX:
	case KEY_VIEW | CMD_VIEW_SOURCE_TYPES:
	case KEY_VIEW | CMD_VIEW_EXACT_EDGES:
	case KEY_VIEW | CMD_VIEW_INTERIOR:
		*view |= key & ~KEY_VIEW;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option view_options[] = {
	{ "exact-index", KEY_VIEW | CMD_VIEW_EXACT_INDEX, NULL, 0,
	  "Name elements of native arrays '[3]' instead of '[*]'", 0 },
	{ "source-types", KEY_VIEW | CMD_VIEW_SOURCE_TYPES, NULL, 0,
	  "Name relations with the type that has the field: 'request.url' instead of '.url'", 0 },
	{ "exact-edges", KEY_VIEW | CMD_VIEW_EXACT_EDGES, NULL, 0,
	  "Follow pointers only that types tell, not words of no type; what only such words hold "
	  "looks unheld",
	  0 },
	{ "interior", KEY_VIEW | CMD_VIEW_INTERIOR, NULL, 0,
	  "Objects inside the program's own arenas are rows of their own, the arenas what is left",
	  0 },
	{ 0 },
};

static const struct argp_child view_children[] = { { &own_argp, 0, NULL, 0 }, { 0 } };

const struct argp view_argp = { .options = view_options,
				.parser = parse_view,
				.children = view_children };

static error_t parse_wrappers(int key, char *arg, struct argp_state *state)
{
	const char **wrappers = state->input;

	if (key != KEY_WRAPPERS)
		return ARGP_ERR_UNKNOWN;
	*wrappers = arg;
	return 0;
}

static const struct argp_option wrappers_options[] = {
	{ "wrappers", KEY_WRAPPERS, "NAME,NAME...", 0,
	  "Functions that allocate for their callers and are never the site (shell patterns)", 0 },
	{ 0 },
};

const struct argp wrappers_argp = { .options = wrappers_options, .parser = parse_wrappers };

static error_t parse_cache(int key, char *arg, struct argp_state *state)
{
	char *end;

	switch (key) {
	case KEY_NO_CACHE:
		setenv("HEAPCENSUS_CACHE", "", 1);
		return 0;
	case KEY_THREADS:
		if (strtol(arg, &end, 10) < 1 || *end)
			argp_error(state, "a number of threads is 1 or more, not '%s'", arg);
		setenv("HEAPCENSUS_THREADS", arg, 1);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option cache_options[] = {
	{ "no-cache", KEY_NO_CACHE, NULL, 0,
	  "Work everything out anew, and keep nothing of it for the next time", 0 },
	{ "threads", KEY_THREADS, "NUMBER", 0,
	  "Threads that work at the same time (default: one for each processor)", 0 },
	{ 0 },
};

const struct argp cache_argp = { .options = cache_options, .parser = parse_cache };

void cmd_emit_kv(struct json *j, const struct dump_kv *kv)
{
	switch (kv->type) {
	case HC_KV_U64:
		json_number(j, kv->key, kv->number);
		return;
	case HC_KV_TEXT:
		json_bytes(j, kv->key, kv->text.bytes, kv->text.len);
		return;
	case HC_KV_LIST:
		json_begin_array(j, kv->key);
		for (uint32_t at = 0; at < kv->text.len;
		     at += (uint32_t)strlen(kv->text.bytes + at) + 1)
			json_text(j, NULL, kv->text.bytes + at);
		json_end_array(j);
	}
}
