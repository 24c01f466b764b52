/* SPDX-License-Identifier: MIT */
/*
 * The expression language on the sample dump (SAMPLE_DUMP): any text is evaluated or refused with
 * an error that points into it, in every output format.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expr/expr.h"
#include "typing/typing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct heap *open_heap(void)
{
	const char *path = getenv("SAMPLE_DUMP");
	struct dump *d;
	struct heap *h;
	struct error *error =
		path ? dump_open(path, NULL, &d) : error_create("SAMPLE_DUMP is not set");

	if (!error)
		error = heap_open(d, NULL, &h);
	if (error) {
		fprintf(stderr, "%s\n", error->message);
		abort();
	}
	return h;
}

static void run(struct heap *h, const char *program, const struct table_options *options)
{
	_cleanup_fclose_ FILE *out = fopen("/dev/null", "w");
	struct expr_env *env = expr_env_create();
	struct error *error;

	if (!out)
		abort();
	expr_env_add_heap(env, "heap", h);
	expr_env_add_heap(env, "b", h);
	error = expr_run(env, program, out, options);
	if (error && (error->exit_code != 2 || strncmp(error->message, "expression: ", 12) != 0))
		abort();
	error_destroy(error);
	expr_env_destroy(env);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct table_options options[] = {
		{ .format = EMIT_TEXT },
		{ .format = EMIT_JSON },
		{ .format = EMIT_CSV, .all = true },
	};
	static struct heap *h;
	_cleanup_free_ char *program = xstrndup((const char *)data, size);

	if (!h)
		h = open_heap();
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		run(h, program, &options[i]);
	return 0;
}
