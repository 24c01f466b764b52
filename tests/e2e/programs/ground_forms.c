/* SPDX-License-Identifier: MIT */
/*
 * The C forms of allocation for ground.c.  What the allocator at hand may lack (C23's free_sized,
 * jemalloc's mallocx family) is looked up at start; where it is missing the form falls back on
 * malloc and free.
 */
#include "ground_forms.h"

#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <wchar.h>

#include "heapcensus/dump_format.h"

static struct {
	void (*free_sized)(void *p, size_t size);
	void (*free_aligned_sized)(void *p, size_t align, size_t size);
	void *(*mallocx)(size_t size, int flags);
	void (*dallocx)(void *p, int flags);
	void (*sdallocx)(void *p, size_t size, int flags);
	bool has_no_pvalloc;	/* jemalloc: glibc's would give memory that jemalloc cannot free */
} optional;

static void *get_malloc(size_t size, size_t align)
{
	(void)align;
	return malloc(size);
}

static void *get_calloc(size_t size, size_t align)
{
	(void)align;
	return size % 3 ? calloc(1, size) : calloc(size / 3, 3);
}

/* The compiler would make malloc of realloc(NULL, ...). */
static void *volatile nothing;

static void *get_realloc(size_t size, size_t align)
{
	(void)align;
	return realloc(nothing, size);
}

static void *get_reallocarray(size_t size, size_t align)
{
	(void)align;
	return reallocarray(nothing, size, 1);
}

static void *get_posix_memalign(size_t size, size_t align)
{
	void *p;

	return posix_memalign(&p, align, size) == 0 ? p : NULL;
}

static void *get_aligned_alloc(size_t size, size_t align)
{
	return aligned_alloc(align, size);
}

static void *get_memalign(size_t size, size_t align)
{
	return memalign(align, size);
}

static void *get_valloc(size_t size, size_t align)
{
	(void)align;
	return valloc(size);
}

static void *get_pvalloc(size_t size, size_t align)
{
	(void)align;
	return optional.has_no_pvalloc ? valloc(size) : pvalloc(size);
}

/* A text of size - 1 letters, in memory of the thread's own. */
static const char *some_text(size_t size)
{
	static __thread char text[GROUND_TEXT_MAX];

	memset(text, 'x', size - 1);
	text[size - 1] = '\0';
	return text;
}

static void *get_strdup(size_t size, size_t align)
{
	(void)align;
	return strdup(some_text(size));
}

static void *get_strndup(size_t size, size_t align)
{
	(void)align;
	return strndup(some_text(GROUND_TEXT_MAX), size - 1);
}

static void *get_asprintf(size_t size, size_t align)
{
	char *text;

	(void)align;
	return asprintf(&text, "%s", some_text(size)) >= 0 ? text : NULL;
}

static void *get_mallocx(size_t size, size_t align)
{
	(void)align;
	return optional.mallocx ? optional.mallocx(size, 0) : malloc(size);
}

static void *get_map(size_t size, size_t align)
{
	void *const p =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)align;
	return p == MAP_FAILED ? NULL : p;
}

static void put_free(void *p, size_t size, size_t align)
{
	(void)size;
	(void)align;
	free(p);
}

static void put_sized(void *p, size_t size, size_t align)
{
	(void)align;
	if (optional.free_sized)
		optional.free_sized(p, size);
	else
		free(p);
}

static void put_aligned_sized(void *p, size_t size, size_t align)
{
	if (optional.free_aligned_sized)
		optional.free_aligned_sized(p, align, size);
	else
		free(p);
}

static void put_dallocx(void *p, size_t size, size_t align)
{
	(void)size;
	(void)align;
	if (optional.dallocx)
		optional.dallocx(p, 0);
	else
		free(p);
}

static void put_sdallocx(void *p, size_t size, size_t align)
{
	(void)align;
	if (optional.sdallocx)
		optional.sdallocx(p, size, 0);
	else
		free(p);
}

static void put_map(void *p, size_t size, size_t align)
{
	(void)align;
	munmap(p, size);
}

const struct ground_form ground_c_forms[] = {
	{ "malloc", GROUND_MALLOC, HC_KIND_MALLOC, false, get_malloc, put_free },
	{ "malloc sized", GROUND_MALLOC, HC_KIND_MALLOC, false, get_malloc, put_sized },
	{ "calloc", GROUND_MALLOC, HC_KIND_CALLOC, false, get_calloc, put_free },
	{ "realloc", GROUND_MALLOC, HC_KIND_REALLOC, false, get_realloc, put_free },
	{ "reallocarray", GROUND_MALLOC, HC_KIND_REALLOC, false, get_reallocarray, put_free },
	{ "posix_memalign", GROUND_MALLOC, HC_KIND_MEMALIGN, true, get_posix_memalign, put_free },
	{ "aligned_alloc", GROUND_MALLOC, HC_KIND_MEMALIGN, true, get_aligned_alloc,
	  put_aligned_sized },
	{ "memalign", GROUND_MALLOC, HC_KIND_MEMALIGN, true, get_memalign, put_free },
	{ "mallocx", GROUND_MALLOC, HC_KIND_MALLOC, false, get_mallocx, put_dallocx },
	{ "mallocx sized", GROUND_MALLOC, HC_KIND_MALLOC, false, get_mallocx, put_sdallocx },
};
const size_t ground_nr_c_forms = sizeof(ground_c_forms) / sizeof(ground_c_forms[0]);

const struct ground_form ground_text_forms[] = {
	{"strdup", GROUND_MALLOC, HC_KIND_MALLOC, false, get_strdup, put_free},
	{"strndup", GROUND_MALLOC, HC_KIND_MALLOC, false, get_strndup, put_free},
	{"asprintf", GROUND_MALLOC, 0, false, get_asprintf, put_free},
};
const size_t ground_nr_text_forms = sizeof(ground_text_forms) / sizeof(ground_text_forms[0]);

const struct ground_form ground_page_forms[] = {
	{"valloc", GROUND_MALLOC, HC_KIND_MEMALIGN, false, get_valloc, put_free},
	{"pvalloc", GROUND_MALLOC, HC_KIND_MEMALIGN, false, get_pvalloc, put_free},
};
const size_t ground_nr_page_forms = sizeof(ground_page_forms) / sizeof(ground_page_forms[0]);

const struct ground_form ground_map_form = { "mmap", GROUND_MAP, HC_KIND_MMAP,
					     false,  get_map,	 put_map };

void ground_forms_init(void)
{
	optional.free_sized = dlsym(RTLD_DEFAULT, "free_sized");
	optional.free_aligned_sized = dlsym(RTLD_DEFAULT, "free_aligned_sized");
	optional.mallocx = dlsym(RTLD_DEFAULT, "mallocx");
	optional.dallocx = dlsym(RTLD_DEFAULT, "dallocx");
	optional.sdallocx = dlsym(RTLD_DEFAULT, "sdallocx");
	optional.has_no_pvalloc = dlsym(RTLD_DEFAULT, "mallctl") != NULL;
}
