/* SPDX-License-Identifier: MIT */
/*
 * Making and freeing errors; BUG().
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

__attribute__((format(printf, 2, 0))) static struct error *create(int exit_code, const char *format,
								  va_list args)
{
	struct error *error = xmalloc(sizeof(*error));

	error->exit_code = exit_code;
	if (vasprintf(&error->message, format, args) < 0)
		mem_exhausted();
	return error;
}

struct error *error_create(const char *format, ...)
{
	struct error *error;
	va_list args;

	va_start(args, format);
	error = create(1, format, args);
	va_end(args);
	return error;
}

struct error *error_create_usage(const char *format, ...)
{
	struct error *error;
	va_list args;

	va_start(args, format);
	error = create(2, format, args);
	va_end(args);
	return error;
}

struct error *error_create_errno(int errnum, const char *format, ...)
{
	struct error *error;
	va_list args;
	char *what;

	va_start(args, format);
	error = create(1, format, args);
	va_end(args);
	what = error->message;
	error->message = xasprintf("%s: %s", what, strerror(errnum));
	free(what);
	return error;
}

void error_destroy(struct error *error)
{
	if (!error)
		return;
	free(error->message);
	free(error);
}

void bug_at(const char *file, int line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "heapcensus: internal error at %s:%d: ", file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputs("\nThis is a mistake in heapcensus, not in your program: please report it.\n",
	      stderr);
	abort();
}
