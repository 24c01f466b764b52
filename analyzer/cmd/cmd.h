/* SPDX-License-Identifier: MIT */
/*
 * What the commands share.  A command gets its own arguments (argv[0] is "heapcensus NAME", for
 * argp's messages) and returns an error for main to print; wrong usage ends in argp with status 2.
 */
#ifndef CMD_CMD_H
#define CMD_CMD_H

#include <argp.h>
#include <stdint.h>
#include <stdio.h>

#include "base/emit.h"
#include "base/error.h"
#include "base/progress.h"
#include "dump/dump.h"
#include "heap/heap.h"

struct command {
	const char *name;
	const char *summary;
	struct error *(*run)(int argc, char **argv);
};

extern const struct command commands[];		      /* ended by a row without a name */
const struct command *command_find(const char *name); /* NULL: none of that name */

#include "cmd/list.h"
#define CMD_DECLARE(name, summary) \
	struct error *cmd_##name(int argc, char **argv) __attribute__((warn_unused_result));
COMMANDS(CMD_DECLARE)
#undef CMD_DECLARE

/*
 * --json and --csv, the same for every command that has them: a child parser whose input is an enum
 * emit_format *. static const struct argp_child children[] = { { &output_argp }, {} }; on
 * ARGP_KEY_INIT: state->child_inputs[0] = &format;
 */
extern const struct argp output_argp;
extern const struct argp output_json_argp; /* of commands that have no CSV */

/*
 * The argument DUMP, the same way: the input is a const char **, NULL at first.  A command that
 * takes more returns ARGP_ERR_UNKNOWN on its first ARGP_KEY_ARG.
 */
extern const struct argp dump_argp;

/* --wrappers, of commands that print sites or types: the input is a const char **. */
extern const struct argp wrappers_argp;
/* --no-cache and --threads, without input: they are the same as HEAPCENSUS_CACHE= and
 * HEAPCENSUS_THREADS in the environment. */
extern const struct argp cache_argp;

/* How the heap is to be looked at: struct heap_options. */
enum cmd_view {
	CMD_VIEW_USUAL = 0,
	CMD_VIEW_EXACT_INDEX = 1,
	CMD_VIEW_OWN = 2,
	CMD_VIEW_SOURCE_TYPES = 4,
	CMD_VIEW_EXACT_EDGES = 8,
	CMD_VIEW_INTERIOR = 16,
	CMD_VIEW_THOROUGH = 32,
};
/* Its options, the same way: the input is an unsigned int * of these, CMD_VIEW_USUAL at first. */
extern const struct argp view_argp;
/* Of them only --own, for commands that follow no references. */
extern const struct argp own_argp;

/* A dump and its typed heap. */
struct opened {
	const char *wrappers; /* of --wrappers, set before cmd_open; NULL: none */
	char *cache;	      /* where debug information's cache is; "" nowhere */
	char *symbols;	      /* where binaries and debug files may be besides; NULL: nowhere */
	struct progress progress;
	unsigned int view;
	struct heap_options options;
	struct index *index; /* cmd/index.h; NULL: none is kept */
	size_t nr_notes;     /* when the heap had been opened */
	struct dump *dump;
	struct heap *heap;
};

/*
 * Opens both, with a progress bar on a terminal; where the dump's index has what is needed the heap
 * is its outline.  Declare it `_cleanup_(cmd_close) struct opened o
 * = { 0 };`: closing says on standard error, once each, what the reader of the output should know
 * (a binary that is missing or has changed).
 */
struct error *cmd_open(const char *path, unsigned int view, enum heap_need need, struct opened *o)
	__attribute__((warn_unused_result));
void cmd_close(struct opened *o);

/*
 * Asks the question: calls fn.  What it prints on `out` about an outline is printed if that had all
 * that was asked of it; else the heaps are opened whole, and fn is called again.  So it prints on
 * nothing else, and finds the heaps in what was opened each time.
 */
typedef struct error *cmd_answer_fn(void *arg, FILE *out);
struct error *cmd_answer(struct opened *const *opened, size_t nr, cmd_answer_fn *fn, void *arg)
	__attribute__((warn_unused_result));

/* One value of PROC, CNTR or ALLC as a member of the open object. */
void cmd_emit_kv(struct json *j, const struct dump_kv *kv);

#endif
