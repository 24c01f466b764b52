/* SPDX-License-Identifier: MIT */
/*
 * The heapcensus program: finds the command, runs it, prints its error.  Nobody else prints errors
 * or exits. Status: 0 done, 1 failed, 2 wrong usage.
 */
#include <argp.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/cmd.h"

const struct command commands[] = {
#define COMMAND_ROW(name, summary) { #name, summary, cmd_##name },
	COMMANDS(COMMAND_ROW)
#undef COMMAND_ROW
		{ 0 },
};

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name))
			return c;
	return NULL;
}

/* How many letters must change to make b of a (insertions, deletions, replacements); words of up to
 * 31 letters. */
static unsigned int distance(const char *a, const char *b)
{
	const size_t len = strnlen(b, 31);
	unsigned int row[32];

	for (unsigned int k = 0; k <= len; k++)
		row[k] = k;
	for (unsigned int i = 1; i <= strnlen(a, 31); i++) {
		unsigned int diagonal = row[0];

		row[0] = i;
		for (unsigned int k = 1; k <= len; k++) {
			const unsigned int replace = diagonal + (a[i - 1] != b[k - 1]);
			const unsigned int other = (row[k] < row[k - 1] ? row[k] : row[k - 1]) + 1;

			diagonal = row[k];
			row[k] = replace < other ? replace : other;
		}
	}
	return row[len];
}

static struct error *unknown_command(const char *name)
{
	const struct command *nearest = NULL;
	unsigned int least = 3;

	for (const struct command *c = commands; c->name; c++) {
		if (distance(name, c->name) < least) {
			least = distance(name, c->name);
			nearest = c;
		}
	}
	if (nearest)
		return error_create_usage("no command '%s'; did you mean '%s'?", name,
					  nearest->name);
	return error_create_usage("no command '%s'; 'heapcensus help' lists them", name);
}

static void print_commands(FILE *out)
{
	fputs("Usage: heapcensus COMMAND [ARGUMENT...]\n"
	      "Census of the live heap of a program: who is alive, who holds it, how old it "
	      "is.\n\n",
	      out);
	for (const struct command *c = commands; c->name; c++)
		fprintf(out, "  %-12s%s\n", c->name, c->summary);
	fputs("\n'heapcensus COMMAND --help' explains one; heapcensus(1) has everything.\n", out);
}

static struct error *run_command(const struct command *command, int argc, char **argv)
{
	_cleanup_free_ char *name = xasprintf("heapcensus %s", command->name);

	argv[0] = name;
	return command->run(argc, argv);
}

struct error *cmd_help(int argc, char **argv)
{
	char *arguments[] = { NULL, (char *)"--help", NULL };
	const struct command *command;

	if (argc < 2 || argv[1][0] == '-') {
		print_commands(stdout);
		return NULL;
	}
	command = command_find(argv[1]);
	if (!command)
		return unknown_command(argv[1]);
	return run_command(command, 2, arguments);
}

static struct error *run(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		print_commands(stderr);
		return error_create_usage("no command given");
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return cmd_help(1, argv);
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("heapcensus " HEAPCENSUS_VERSION);
		return NULL;
	}
	command = command_find(argv[1]);
	if (!command)
		return unknown_command(argv[1]);
	return run_command(command, argc - 1, argv + 1);
}

/* What was printed must have arrived: a full disk is an error, too. */
static struct error *flush_output(void)
{
	errno = 0;
	if (fflush(stdout) || ferror(stdout))
		return error_create_errno(errno ? errno : EIO, "standard output");
	return NULL;
}

int main(int argc, char **argv)
{
	struct error *error;
	int status;

	setlocale(LC_CTYPE, "C.UTF-8");
	argp_err_exit_status = 2;
	error = run(argc, argv);
	if (!error)
		error = flush_output();
	if (!error)
		return 0;
	status = error->exit_code;
	fprintf(stderr, "heapcensus: %s\n", error->message);
	error_destroy(error);
	return status;
}
