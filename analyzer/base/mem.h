/* SPDX-License-Identifier: MIT */
/*
 * Memory of the analyzer.  Running out of it ends the program here, with a message and status 1, so
 * nobody else checks.  Sizes that come out of a dump are bounded by the reader before they get
 * here.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t nr, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t nr, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t len) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));
void mem_exhausted(void) __attribute__((noreturn));

/* Room for one more item: array = array_grow(array, nr, &capacity, sizeof(*array)). */
void *array_grow(void *array, size_t nr, size_t *capacity, size_t item_size)
	__attribute__((returns_nonnull));

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_fclose(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* Scope guards: the variable is released when it goes out of scope. */
#define _cleanup_(fn)	 __attribute__((cleanup(fn)))
#define _cleanup_free_	 _cleanup_(cleanup_free)
#define _cleanup_fclose_ _cleanup_(cleanup_fclose)

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
