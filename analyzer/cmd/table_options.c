/* SPDX-License-Identifier: MIT */
/*
 * Options of tables.
 */
#include "cmd/table_options.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/cmd.h"

#define KEY_PAGE 0x100

static const struct argp_option options[] = {
	{ "all", 'a', NULL, 0, "Print every row, not the first ten", 0 },
	{ "wide", 'w', NULL, 0, "Do not break rows at 100 columns", 0 },
	{ "page", KEY_PAGE, "N", 0, "Print the N-th page of ten rows (1 is the first)", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct table_options *o = state->input;
	char *end;
	unsigned long page;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &o->format;
		return 0;
	case 'a':
		o->all = true;
		return 0;
	case 'w':
		o->wide = true;
		return 0;
	case KEY_PAGE:
		page = strtoul(arg, &end, 10);
		if (*end || end == arg || *arg == '-' || page < 1 || page > UINT32_MAX / TABLE_PAGE)
			argp_error(state, "--page needs a number from 1 on, not '%s'", arg);
		o->page = (uint32_t)(page - 1);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &output_argp, 0, NULL, 0 }, { 0 } };

const struct argp table_argp = { .options = options, .parser = parse, .children = children };

char *table_describe_rules(void)
{
	char *text = xstrdup("");

	for (const struct partition_rule *rule = partition_rules; rule->name; rule++) {
		_cleanup_free_ char *before = text;

		text = xasprintf("%s  %-10s %s\n", before, rule->name, rule->summary);
	}
	return text;
}
