/* SPDX-License-Identifier: MIT */
/*
 * The commands: function cmd_NAME in cmd/NAME.c, name, summary.  Help, completion and the suggestion for a mistyped one read this.
 */
#define COMMANDS(X) \
	X(info, "what a dump holds: process, times, totals, losses") \
	X(completion, "print the completion script for bash") \
	X(help, "list the commands, or explain one")
