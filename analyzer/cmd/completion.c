/* SPDX-License-Identifier: MIT */
/*
 * heapcensus completion: the script that teaches bash the commands.  Options are asked of --help
 * when they are needed, so that there is no second list of them.
 */
#include <stdio.h>

#include "cmd/cmd.h"

static const char script[] =
	"_heapcensus()\n"
	"{\n"
	"\tlocal word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}\n"
	"\tif ((COMP_CWORD == 1)); then\n"
	"\t\tCOMPREPLY=($(compgen -W '%s' -- \"$word\"))\n"
	"\telif [[ $word == -* ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$(heapcensus help \"$command\" 2>/dev/null |\n"
	"\t\t\tgrep -oE -- '--[a-z][a-z-]+')\" -- \"$word\"))\n"
	"\telif [[ $command == help ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W '%s' -- \"$word\"))\n"
	"\telse\n"
	"\t\tCOMPREPLY=($(compgen -f -- \"$word\"))\n"
	"\tfi\n"
	"}\n"
	"complete -o filenames -F _heapcensus heapcensus\n";

static const char doc[] =
	"Print the completion script for bash.\v"
	"Example: heapcensus completion > ~/.local/share/bash-completion/completions/heapcensus";

struct error *cmd_completion(int argc, char **argv)
{
	static const struct argp argp = { .doc = doc };
#define NAME(name, summary) #name " "
	static const char names[] = COMMANDS(NAME);
#undef NAME

	argp_parse(&argp, argc, argv, 0, NULL, NULL);
	printf(script, names, names);
	return NULL;
}
