/* SPDX-License-Identifier: MIT */
/*
 * The commands: function cmd_NAME in cmd/NAME.c, name, summary.  Help, completion and the
 * suggestion for a mistyped one read this.
 */
#define COMMANDS(X) \
	X(run, "run a program under census") \
	X(dump, "ask a process under census for a dump") \
	X(info, "what a dump holds: process, times, totals, losses") \
	X(show, "evaluate an expression about a dump; by default what is alive, by type") \
	X(live, "how many objects of each class are alive, and since when") \
	X(oldest, "the oldest object of a type") \
	X(iter, "all objects of a type, oldest first") \
	X(describe, "one object: its fields with values, what it refers to, what refers to it") \
	X(diff, "what is new, freed and surviving between two dumps") \
	X(raw, "the file as it is: chunks and decoded records, damaged dumps included") \
	X(completion, "print the completion script for bash") \
	X(help, "list the commands, or explain one")
