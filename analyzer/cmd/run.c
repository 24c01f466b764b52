/* SPDX-License-Identifier: MIT */
/*
 * heapcensus run: puts the options into the environment, the library into LD_PRELOAD, and becomes
 * the program, so that process number and exit status are the program's own.  The options are
 * heapcensus/option_list.h's; nothing else names them here.
 */
#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cmd/cmd.h"
#include "heapcensus/option_list.h"

#define LIBRARY_NAME "libheapcensus.so"
#define OPTION_KEY_FIRST 512

/* As shells have it. */
#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND 127

static const struct run_option {
	const char *name, *variable;
	enum hc_option_type type;
	const char *default_text, *values;
	uint64_t low, high;
	const char *summary;
} run_options[] = {
#define RUN_OPTION(name, NAME, type, default_text, values, low, high, summary) \
	{ #name, "HEAPCENSUS_" #NAME, HC_OPTION_##type, default_text, values, low, high, summary },
	HC_OPTIONS(RUN_OPTION)
#undef RUN_OPTION
};

static char **run_command;

static const char doc[] = "Runs COMMAND under census. Its dumps are asked for with 'heapcensus "
			  "dump PID', or by the signal."
			  "\vWithout this command: LD_PRELOAD=" LIBRARY_NAME
			  " and HEAPCENSUS_NAME=VALUE for each option do the same.";

/* A number and at most one of the letters; 0 for none. */
static bool is_amount(const char *text, const char *units)
{
	char *end;

	errno = 0;
	if (text[0] < '0' || text[0] > '9')
		return false;
	(void)strtoull(text, &end, 10);
	return !errno && (!*end || (strchr(units, *end) && !end[1]));
}

/* Is text one of the choices, "a|b|c:BYTES|"? */
static bool is_choice(const char *choices, const char *text)
{
	const size_t len = strcspn(text, ":");

	for (const char *at = choices; *at; at = strchr(at, '|') + 1) {
		if (strncmp(at, text, len))
			continue;
		if (at[len] == ':' && text[len] ? is_amount(text + len + 1, "kmgKMG") :
						  at[len] == '|' && !text[len])
			return true;
	}
	return false;
}

static bool is_number(const char *text, uint64_t low, uint64_t high)
{
	char *end;
	uint64_t number;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	return !errno && !*end && number >= low && number <= high;
}

static bool is_signal(const char *text)
{
	const char *const name = strncmp(text, "SIG", 3) ? text : text + 3;

	if (!strcmp(text, "none") || is_number(text, 1, (uint64_t)SIGRTMAX))
		return true;
	if (!strncmp(name, "RTMIN", 5) || !strncmp(name, "RTMAX", 5))
		return true;
	for (int i = 1; i < SIGRTMIN; i++)
		if (sigabbrev_np(i) && !strcmp(sigabbrev_np(i), name))
			return true;
	return false;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void check_value(const struct run_option *option, const char *text, struct argp_state *state)
{
	switch (option->type) {
	case HC_OPTION_CHOICE:
		if (!is_choice(option->values, text))
			argp_error(state, "--%s=%s: not one of %.*s", option->name, text,
				   (int)strlen(option->values) - 1, option->values);
		break;
	case HC_OPTION_SIGNAL:
		if (!is_signal(text))
			argp_error(state, "--%s=%s: no such signal", option->name, text);
		break;
	case HC_OPTION_PATH:
		if (!is_folder(text))
			argp_error(state, "--%s=%s: no such folder", option->name, text);
		break;
	case HC_OPTION_SECONDS:
		if (!is_amount(text, "smh"))
			argp_error(state, "--%s=%s: not a time (30, 5m, 1h)", option->name, text);
		break;
	case HC_OPTION_BYTES:
		if (!is_amount(text, "kmgKMG"))
			argp_error(state, "--%s=%s: not a size (64m, 1g)", option->name, text);
		break;
	case HC_OPTION_OR_NUMBER:
		if (strcmp(text, option->default_text) &&
		    !is_number(text, option->low, option->high))
			argp_error(state, "--%s=%s: neither %s nor a number from %llu to %llu",
				   option->name, text, option->default_text,
				   (unsigned long long)option->low,
				   (unsigned long long)option->high);
		break;
	case HC_OPTION_NUMBER:
		if (!is_number(text, option->low, option->high))
			argp_error(state, "--%s=%s: not a number from %llu to %llu", option->name,
				   text, (unsigned long long)option->low,
				   (unsigned long long)option->high);
		break;
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	if (key >= OPTION_KEY_FIRST && key < OPTION_KEY_FIRST + (int)ARRAY_SIZE(run_options)) {
		const struct run_option *const option = &run_options[key - OPTION_KEY_FIRST];

		check_value(option, arg, state);
		if (setenv(option->variable, arg, 1))
			mem_exhausted();
		return 0;
	}
	switch (key) {
	case ARGP_KEY_ARG:
		/* The rest is the command's own. */
		run_command = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (!run_command)
			argp_error(state, "which command?");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* The table in argp's form, ended by a zero row.  Choices lose their last bar, summaries gain the
 * default. */
static struct argp_option *make_options(void)
{
	struct argp_option *const rows = xcalloc(ARRAY_SIZE(run_options) + 1, sizeof(*rows));

	for (size_t i = 0; i < ARRAY_SIZE(run_options); i++) {
		const struct run_option *const option = &run_options[i];
		const int len = (int)strlen(option->values) - (option->type == HC_OPTION_CHOICE);

		rows[i].name = option->name;
		rows[i].key = OPTION_KEY_FIRST + (int)i;
		rows[i].arg = xasprintf("%.*s", len, option->values);
		rows[i].doc = option->default_text[0] && strcmp(option->default_text, "0")
				      ? xasprintf("%s [%s]", option->summary, option->default_text)
				      : xstrdup(option->summary);
	}
	return rows;
}

static void free_options(struct argp_option **rows)
{
	for (struct argp_option *row = *rows; row->name; row++) {
		free((char *)row->arg);
		free((char *)row->doc);
	}
	free(*rows);
}

static bool is_library(const char *path)
{
	return access(path, R_OK) == 0;
}

/* Beside this program in a build tree, where it was installed to, or wherever HEAPCENSUS_LIBRARY
 * says. */
static char *find_library(void)
{
	static const char *const places[] = { "../preload/", "../lib/x86_64-linux-gnu/",
					      "../lib64/", "../lib/" };
	const char *const told = getenv("HEAPCENSUS_LIBRARY");
	char self[PATH_MAX];
	const ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (told)
		return is_library(told) ? realpath(told, NULL) : NULL;
	self[len > 0 ? len : 0] = '\0';
	if (strrchr(self, '/'))
		strrchr(self, '/')[1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_free_ char *path = xasprintf("%s%s" LIBRARY_NAME, self, places[i]);

		if (is_library(path))
			return realpath(path, NULL);
	}
	return is_library(HEAPCENSUS_LIBDIR "/" LIBRARY_NAME)
		       ? xstrdup(HEAPCENSUS_LIBDIR "/" LIBRARY_NAME)
		       : NULL;
}

static struct error *set_preload(void)
{
	const char *const before = getenv("LD_PRELOAD");
	_cleanup_free_ char *library = find_library();
	_cleanup_free_ char *value = NULL;

	if (!library)
		return error_create("%s: not found; HEAPCENSUS_LIBRARY=PATH says where it is",
				    getenv("HEAPCENSUS_LIBRARY") ? getenv("HEAPCENSUS_LIBRARY")
								 : LIBRARY_NAME);
	if (strpbrk(library, " :"))
		return error_create(
			"%s: the loader does not take a path with a blank or a colon in it",
			library);
	value = before && before[0] ? xasprintf("%s:%s", library, before) : xstrdup(library);
	if (setenv("LD_PRELOAD", value, 1))
		mem_exhausted();
	return NULL;
}

struct error *cmd_run(int argc, char **argv)
{
	_cleanup_(free_options) struct argp_option *options = make_options();
	const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[--] COMMAND [ARGUMENT...]",
		.doc = doc,
	};
	struct error *error;

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, NULL);
	error = set_preload();
	if (error)
		return error;
	execvp(run_command[0], run_command);
	const int err = errno;

	error = error_create_errno(err, "%s", run_command[0]);
	error->exit_code = err == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
	return error;
}
