/* SPDX-License-Identifier: MIT */
/*
 * An interposer that forwards malloc & co. and does nothing else: what any preload costs, to which the benches compare.
 * Resolution happens in the constructor; what the loader asks for before (dlsym's own calloc) comes from a small buffer.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static char early[64 << 10] __attribute__((aligned(16)));
static size_t early_used;

static void *early_calloc(size_t nr, size_t size)
{
	size_t bytes = (nr * size + 15) & ~(size_t)15;

	if (bytes > sizeof(early) - early_used)
		return NULL;
	early_used += bytes;
	return early + early_used - bytes;
}

static void *early_malloc(size_t size)
{
	return early_calloc(1, size);
}

static void *early_realloc(void *p, size_t size)
{
	void *moved = early_malloc(size);

	if (moved && p)
		memcpy(moved, p, size);
	return moved;
}

static void early_free(void *p)
{
	(void)p;
}

static struct {
	void *(*malloc)(size_t);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void (*free)(void *);
} next = {early_malloc, early_calloc, early_realloc, early_free};

__attribute__((constructor)) static void start(void)
{
	void *(*real_malloc)(size_t) = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
	void *(*real_calloc)(size_t, size_t) = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "calloc");
	void *(*real_realloc)(void *, size_t) = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
	void (*real_free)(void *) = (void (*)(void *))dlsym(RTLD_NEXT, "free");

	next.malloc = real_malloc;
	next.calloc = real_calloc;
	next.realloc = real_realloc;
	next.free = real_free;
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
	return is_early(p) ? early_realloc(p, size) : next.realloc(p, size);
}

void free(void *p)
{
	if (!is_early(p))
		next.free(p);
}
