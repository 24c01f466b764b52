/* SPDX-License-Identifier: MIT */
/*
 * Prints the manual page: copies its template (standard input) and puts the tables of commands and
 * options where it says
 * @COMMANDS@, @OPTIONS@ and @LOSSES@, so that the page cannot disagree with the program.  Runs in
 * the build.
 */
#include <stdio.h>
#include <string.h>

#include <heapcensus/count_list.h>
#include <heapcensus/option_list.h>

#include "cmd/list.h"

/* Text in roff: a minus sign is escaped, and a line may not begin with a control character. */
static void print_text(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '-')
			putchar('\\');
		if (*text == '\\')
			fputs("\\e", stdout);
		else
			putchar(*text);
	}
	putchar('\n');
}

static void print_commands(void)
{
#define PRINT_COMMAND(name, summary) \
	printf(".TP\n.B " #name "\n"); \
	print_text(summary);
	COMMANDS(PRINT_COMMAND)
#undef PRINT_COMMAND
}

static void print_option(const char *name, const char *env, const char *default_text,
			 const char *values, const char *summary)
{
	const int len = (int)strlen(values);
	const int without_bar = len && values[len - 1] == '|' ? len - 1 : len;

	printf(".TP\n.BI HEAPCENSUS_%s= %.*s\n", env, without_bar, values);
	print_text(summary);
	if (*default_text)
		printf("(\\fB\\-\\-%s\\fR of \\fBrun\\fR; default \\fB%s\\fR)\n", name,
		       default_text);
	else
		printf("(\\fB\\-\\-%s\\fR of \\fBrun\\fR)\n", name);
}

static void print_options(void)
{
#define PRINT_OPTION(name, NAME, type, default_text, values, low, high, summary) \
	print_option(#name, #NAME, default_text, values, summary);
	HC_OPTIONS(PRINT_OPTION)
#undef PRINT_OPTION
}

static void print_losses(void)
{
#define PRINT_LOSS(name, text) \
	printf(".TP\n.B " #name "\n"); \
	print_text(text);
	HC_COUNTS(PRINT_LOSS)
#undef PRINT_LOSS
}

int main(void)
{
	char line[4096];

	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "@COMMANDS@\n"))
			print_commands();
		else if (!strcmp(line, "@OPTIONS@\n"))
			print_options();
		else if (!strcmp(line, "@LOSSES@\n"))
			print_losses();
		else
			fputs(line, stdout);
	}
	return ferror(stdin) || fflush(stdout);
}
