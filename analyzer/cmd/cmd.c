/* SPDX-License-Identifier: MIT */
/*
 * Argument parsers and steps that commands share.
 */
#include "cmd/cmd.h"

#include "base/progress.h"

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

#define OPTION_JSON { "json", 'j', NULL, 0, "Print JSON", 0 }

static const struct argp_option output_options[] = {
	OPTION_JSON,
	{ "csv", 'c', NULL, 0, "Print CSV", 0 },
	{ 0 },
};
static const struct argp_option output_json_options[] = { OPTION_JSON, { 0 } };

const struct argp output_argp = { .options = output_options, .parser = parse_output };
const struct argp output_json_argp = { .options = output_json_options, .parser = parse_output };
struct error *cmd_open_dump(const char *path, struct dump **ret)
{
	const struct progress progress = progress_terminal();

	return dump_open(path, &progress, ret);
}
