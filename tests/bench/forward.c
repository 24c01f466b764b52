/* SPDX-License-Identifier: MIT */
/*
 * An interposer that forwards malloc & co. and does nothing else: what any preload costs, to which
 * the benches compare. The first call resolves them; what dlsym itself asks for meanwhile comes
 * from a small buffer.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static char early[64 << 10] __attribute__((aligned(16)));
static size_t early_used;

static void *first_malloc(size_t size);
static void *first_calloc(size_t nr, size_t size);
static void *first_realloc(void *p, size_t size);
static void first_free(void *p);

static struct {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
} next = {first_malloc, first_calloc, first_realloc, first_free};

static int resolving;

/* False within dlsym. */
static int resolve(void)
{
	void *found[4];

	if (resolving)
		return 0;
	resolving = 1;
	found[0] = dlsym(RTLD_NEXT, "malloc");
	found[1] = dlsym(RTLD_NEXT, "calloc");
	found[2] = dlsym(RTLD_NEXT, "realloc");
	found[3] = dlsym(RTLD_NEXT, "free");
	memcpy(&next, found, sizeof(next));
	return 1;
}

static void *early_malloc(size_t size)
{
	size_t bytes = (size + 15) & ~(size_t)15;

	if (bytes > sizeof(early) - early_used)
		return NULL;
	early_used += bytes;
	return early + early_used - bytes;
}

static void *first_malloc(size_t size)
{
	return resolve() ? next.malloc(size) : early_malloc(size);
}

static void *first_calloc(size_t nr, size_t size)
{
	return resolve() ? next.calloc(nr, size) : early_malloc(nr * size);
}

static void *first_realloc(void *p, size_t size)
{
	return resolve() ? next.realloc(p, size) : NULL;
}

static void first_free(void *p)
{
	if (resolve())
		next.free(p);
}

static int is_early(const void *p)
{
	return (uintptr_t)p - (uintptr_t)early < sizeof(early);
}

void *malloc(size_t size)
{
	return next.malloc(size);
}

void *calloc(size_t nr, size_t size)
{
	return next.calloc(nr, size);
}

void *realloc(void *p, size_t size)
{
	void *moved;

	if (!is_early(p))
		return next.realloc(p, size);
	moved = next.malloc(size);
	if (moved)
		memcpy(moved, p, size);
	return moved;
}

void free(void *p)
{
	if (!is_early(p))
		next.free(p);
}
