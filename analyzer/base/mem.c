/* SPDX-License-Identifier: MIT */
/*
 * The one place where the analyzer runs out of memory.
 */
#include "base/mem.h"

#include <stdarg.h>
#include <string.h>

void mem_exhausted(void)
{
	fputs("heapcensus: out of memory\n", stderr);
	exit(1);
}

static void *check(void *p)
{
	if (!p)
		mem_exhausted();
	return p;
}

void *xmalloc(size_t size)
{
	return check(malloc(size ? size : 1));
}

void *xcalloc(size_t nr, size_t size)
{
	return check(calloc(nr ? nr : 1, size ? size : 1));
}

void *xrealloc(void *p, size_t nr, size_t size)
{
	return check(reallocarray(p, nr ? nr : 1, size));
}

char *xstrdup(const char *s)
{
	return check(strdup(s));
}

char *xstrndup(const char *s, size_t len)
{
	char *copy = xmalloc(len + 1);

	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *xasprintf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		mem_exhausted();
	va_end(args);
	return text;
}

void *array_grow(void *array, size_t nr, size_t *capacity, size_t item_size)
{
	if (nr < *capacity)
		return array;
	*capacity = *capacity ? *capacity * 2 : 16;
	return xrealloc(array, *capacity, item_size);
}
