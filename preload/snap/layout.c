/* SPDX-License-Identifier: MIT */
/*
 * The layout of the address space.  The snapshot child only, except layout_init (once, at start).
 */
#include "snap/layout.h"

#include <dlfcn.h>
#include <string.h>

#include "live/thread.h"
#include "rt/private.h"
#include "rt/sys.h"
#include "rt/ban.h"

#define LAYOUT_RED_ZONE 128
#define LAYOUT_RANGES_MAX 65536u

/* Written by layout_init, before any second thread; read-only after. */
static struct {
	const char *allocator;
	bool glibc; /* that is the allocator */
	uint64_t tls_size;	/* static TLS below the thread pointer */
	uint64_t descriptor_size;	/* at and above it */
} layout = {.allocator = "unknown", .tls_size = 4096, .descriptor_size = 4096};

void layout_init(const char *allocator)
{
	void (*const get_info)(size_t *, size_t *) =
		(void (*)(size_t *, size_t *))dlsym(RTLD_DEFAULT, "_dl_get_tls_static_info");
	const uint32_t *const descriptor = dlsym(RTLD_DEFAULT, "_thread_db_sizeof_pthread");
	size_t size = 0, align = 0;

	layout.allocator = allocator;
	layout.glibc = strcmp(allocator, "glibc") == 0;
	if (!get_info || !descriptor)
		return;
	get_info(&size, &align);
	layout.descriptor_size = *descriptor;
	if (size > *descriptor)
		layout.tls_size = (size - *descriptor + 63) & ~(uint64_t)63;
}

const char *layout_allocator(void) { return layout.allocator; }

static bool map_is_anonymous(const struct map *m)
{
	return !m->path[0] || !strcmp(m->path, "[heap]") || !strncmp(m->path, "[stack", 6) ||
	       !strncmp(m->path, "[anon:", 6) || !strncmp(m->path, "/anon_hugepage", 14) ||
	       !strncmp(m->path, "/dev/zero", 9);
}

static void layout_add_maps(struct image *im)
{
	for (uint32_t i = 0; i < im->maps.nr; i++) {
		const struct map *const m = &im->maps.maps[i];
		const bool dumped = (m->prot & PROT_WRITE) && !m->shared && map_is_anonymous(m);

		areas_add(&im->layout, m->start, m->end, dumped ? AREA_ANONYMOUS : AREA_READ_ONLY,
			  0);
		if (!dumped || !layout.glibc)
			continue;
		if (!strcmp(m->path, "[heap]")) {
			areas_add(&im->layout, m->start, m->end, AREA_HEAP, 0);
			im->heap.arenas[0].mapped += m->end - m->start;
		} else if (!m->path[0] || m->path[0] == '[') {
			heap_find_arenas(m->start, m->end, &im->layout, &im->heap);
		}
	}
}

static void layout_add_modules(struct image *im)
{
	const struct module *const own = modules_find(&im->modules, (uint64_t)&layout);

	for (uint32_t i = 0; i < im->modules.nr; i++) {
		const struct module *const m = &im->modules.modules[i];

		for (uint32_t j = 0; j < m->nr_segments; j++)
			if (m->segments[j].prot & PROT_WRITE)
				areas_add(&im->layout, m->segments[j].start, m->segments[j].end,
					  m == own ? AREA_PROFILER : AREA_DATA, 0);
	}
}

static void layout_add_own(struct image *im)
{
	struct private_range *const ranges =
		bump_alloc(im->bump, LAYOUT_RANGES_MAX * sizeof(*ranges));
	uint32_t nr;

	areas_add(&im->layout, im->own_start, im->own_end, AREA_PROFILER, 0);
	if (!ranges) {
		im->layout.failed = true;
		return;
	}
	nr = private_ranges(ranges, LAYOUT_RANGES_MAX);
	if (nr > LAYOUT_RANGES_MAX) {
		im->layout.failed = true;
		nr = LAYOUT_RANGES_MAX;
	}
	for (uint32_t i = 0; i < nr; i++)
		areas_add(&im->layout, ranges[i].start, ranges[i].end, AREA_PROFILER, 0);
}

static const struct os_thread *layout_find_os(const struct image *im, int32_t tid)
{
	const struct os_threads *const os = &im->facts->threads;

	for (uint32_t i = 0; i < os->nr; i++)
		if (os->threads[i].tid == tid)
			return &os->threads[i];
	return NULL;
}

static struct layout_thread *layout_find_thread(struct image *im, int32_t tid)
{
	for (uint32_t i = 0; i < im->nr_threads; i++)
		if (im->threads[i].os && im->threads[i].os->tid == tid)
			return &im->threads[i];
	return NULL;
}

/* The stack of a living thread: its mapping, less what stands above it there. */
static void layout_bound_stack(struct image *im, struct layout_thread *t)
{
	const uint64_t inside = t->sp ? t->sp : t->tls, top = t->tls - layout.tls_size;
	const struct map *m = inside ? maps_find(&im->maps, inside) : NULL;

	/* The main thread's TLS is not on its stack. */
	if (!t->sp && t->os && t->os->tid == im->facts->pid)
		for (uint32_t i = 0; i < im->maps.nr; i++)
			if (!strcmp(im->maps.maps[i].path, "[stack]"))
				m = &im->maps.maps[i];
	if (!m || !(m->prot & PROT_WRITE))
		return;
	t->stack_start = m->start;
	t->stack_end = m->end;
	if (t->tls > m->start && t->tls < m->end && top > t->sp && top > m->start)
		t->stack_end = top;
}

static void layout_add_thread(struct image *im, const struct thread *known,
			      const struct os_thread *os)
{
	struct layout_thread *const t = &im->threads[im->nr_threads++];

	*t = (struct layout_thread){.known = known, .os = os};
	if (known)
		t->tls = known->tls;
	if (!os)
		return;
	if (os->tid == im->facts->tid) {
		t->sp = im->facts->registers[7];
		t->pc = im->facts->registers[16];
	} else if (os->blocked) {
		t->sp = os->sp;
		t->pc = os->pc;
	}
	layout_bound_stack(im, t);
}

/* Threads of the census, then those that the kernel knows besides. */
static void layout_add_threads(struct image *im)
{
	const struct os_threads *const os = &im->facts->threads;
	const struct thread *first = threads_all;
	uint32_t room = os->nr;

	for (const struct thread *t = first; t; t = t->next)
		room++;
	im->threads = bump_alloc(im->bump, room * sizeof(*im->threads));
	if (!im->threads) {
		im->layout.failed = true;
		return;
	}
	for (const struct thread *t = first; t; t = t->next)
		layout_add_thread(im, t, t->alive ? layout_find_os(im, t->tid) : NULL);
	for (uint32_t i = 0; i < os->nr; i++)
		if (!layout_find_thread(im, os->threads[i].tid))
			layout_add_thread(im, NULL, &os->threads[i]);
}

void layout_build(struct image *im)
{
	layout_add_maps(im);
	layout_add_modules(im);
	layout_add_own(im);
	layout_add_threads(im);
}

/* A stack that is a block (a coroutine's, or given to pthread_attr_setstack) ends where the block
 * ends. */
static void layout_bound_by_block(struct image *im, const struct walk *w)
{
	for (uint32_t i = 0; i < im->nr_threads; i++) {
		struct layout_thread *const t = &im->threads[i];

		if (t->sp >= w->addr && t->sp < w->addr + w->size) {
			t->stack_start = w->addr;
			if (t->stack_end > w->addr + w->size)
				t->stack_end = w->addr + w->size;
		}
	}
}

static void layout_add_heap(struct image *im, const struct walk *w)
{
	enum heap_block_kind kind = HEAP_ODD;
	const struct map *m;
	uint64_t start, end;

	if (layout.glibc)
		kind = heap_add_block(&im->heap, w->addr, w->size, &start, &end);
	if (kind == HEAP_MMAPPED) {
		areas_add(&im->layout, start, end, AREA_HEAP, 0);
		return;
	}
	if (kind == HEAP_ARENA)
		return;
	/* Another allocator, or a main arena that could not use brk: the mapping around the block.
	 */
	if (w->addr >= im->heap_seen_start && w->addr < im->heap_seen_end)
		return;
	m = maps_find(&im->maps, w->addr);
	if (!m)
		return;
	im->heap_seen_start = m->start;
	im->heap_seen_end = m->end;
	if (strcmp(m->path, "[heap]") || !layout.glibc)
		areas_add(&im->layout, m->start, m->end, AREA_HEAP, 0);
}

void layout_add_block(struct image *im, const struct walk *w)
{
	if (w->size >= 4096)
		layout_bound_by_block(im, w);
	if (w->plane == PLANE_MALLOC)
		layout_add_heap(im, w);
	if (w->is_owner && w->size >= HC_LARGE_BLOCK)
		areas_add(&im->contents, w->addr, w->addr + w->size, AREA_BLOCK, 0);
	else if (w->plane == PLANE_MMAP)
		areas_add(&im->contents, w->addr, w->addr + w->size, AREA_MAPPED, 0);
}

static void layout_paint_thread(struct image *im, const struct layout_thread *t)
{
	const int32_t tid = t->os ? t->os->tid : 0;
	const struct map *const m = t->tls ? maps_find(&im->maps, t->tls) : NULL;
	uint64_t bottom = t->stack_start;

	if (t->os && m && (m->prot & PROT_WRITE)) {
		const uint64_t low = t->tls - layout.tls_size,
			       high = t->tls + layout.descriptor_size;

		areas_add(&im->layout, low > m->start ? low : m->start,
			  high < m->end ? high : m->end, AREA_TLS, tid);
	}
	if (!t->os || !t->stack_end)
		return;
	if (t->sp && t->sp - LAYOUT_RED_ZONE > bottom)
		bottom = (t->sp - LAYOUT_RED_ZONE) & ~7ul;
	areas_add(&im->layout, t->stack_start, bottom, AREA_STACK_FREE, tid);
	areas_add(&im->layout, bottom, t->stack_end, AREA_STACK, tid);
}

/* Does a living thread use what [start, end) was for another? */
static bool layout_is_reused(const struct image *im, uint64_t start, uint64_t end)
{
	for (uint32_t i = 0; i < im->nr_threads; i++)
		if (im->threads[i].os && im->threads[i].tls >= start && im->threads[i].tls < end)
			return true;
	return false;
}

/*
 * A stack that libc keeps for the next thread: stale words, no root.  Thousands of threads may have
 * had the same one, at the same address or at some distance: one area a mapping, which reaches as
 * far as the furthest of them.  Dead areas begin at first.
 */
static void layout_paint_dead(struct image *im, const struct layout_thread *t, uint64_t first)
{
	const struct map *const m = t->tls ? maps_find(&im->maps, t->tls) : NULL;
	uint64_t end = (t->tls + layout.descriptor_size + 4095) & ~4095ul;

	if (t->os || !m || !(m->prot & PROT_WRITE) || m->path[0])
		return;
	if (end > m->end)
		end = m->end;
	for (uint64_t i = im->layout.nr; i-- > first;) {
		struct area *const a = &im->layout.items[i];

		if (a->start != m->start)
			continue;
		if (a->end < end && !layout_is_reused(im, m->start, end))
			a->end = end;
		return;
	}
	if (!layout_is_reused(im, m->start, end))
		areas_add(&im->layout, m->start, end, AREA_DEAD_STACK, 0);
}

void layout_finish(struct image *im)
{
	struct areas flat;
	uint64_t first_dead;

	for (uint32_t i = 0; i < im->nr_threads; i++)
		layout_paint_thread(im, &im->threads[i]);
	first_dead = im->layout.nr;
	for (uint32_t i = 0; i < im->nr_threads; i++)
		layout_paint_dead(im, &im->threads[i], first_dead);
	areas_init(&flat, im->bump);
	areas_flatten(&im->layout, &flat);
	im->layout = flat;
}
