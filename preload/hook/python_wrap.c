/* SPDX-License-Identifier: MIT */
/*
 * The wrappers around CPython's allocators.
 *
 * A block of pymalloc's is a record of PLANE_PYTHON.  For what is passed on to malloc the wrapper
 * says in struct thread who is asking, as operator new does, and malloc's own record is all there
 * is.  What stands in between (debug hooks) may put a header before the object: then malloc's block
 * is an arena, and the object is in PLANE_PYTHON, too.  Wrappers may stand on each other (debug
 * hooks or tracemalloc between them): only the outermost records.
 *
 * Called with the GIL, but for a program that does without it; by any thread, never in the snapshot
 * child.
 */
#include <heapcensus/dump_format.h>
#include <string.h>

#include "hook/python.h"
#include "hook/wrap.h"
#include "live/attr.h"
#include "rt/message.h"
#include "target/python.h"

#include "rt/ban.h"

#define PYTHON_NR_LAYERS      16
#define PYTHON_MIN_SIZE	      17  /* pymalloc's 16-byte blocks would share a granule of the table */
#define PYTHON_DEBUG_SLACK    64  /* what debug hooks add at most */
#define PYTHON_SMALL_MAX      513 /* pymalloc's largest block, and one */
#define PYTHON_ARENA_SIZE_OLD (256ul << 10) /* 3.9 and before */
#define PYTHON_ARENA_SIZE     (1ul << 20)

struct layer {
	struct python_allocator next;
	size_t slack;	  /* the next one may ask malloc for that much more */
	size_t min_size;  /* requests are rounded up to this; 0 where debug hooks would notice */
	bool covered;	  /* another wrapper may stand on it, with something between them */
	size_t passed_on; /* it may pass requests from here on to malloc */
};

/* Written by python_wrap, which one thread at a time runs. */
static struct {
	struct layer layers[PYTHON_NR_LAYERS];
	uint32_t nr_layers;
	struct python_arenas arenas; /* the next ones */
} wrapped;

static size_t asked_size(const struct layer *l, size_t size)
{
	return size > l->min_size ? size : l->min_size;
}

/* NULL: not the outermost wrapper, or a call out of the allocator: just forward. */
static inline struct thread *begin(const struct layer *l)
{
	struct thread *t = thread_self;

	if (UNLIKELY(!t))
		t = thread_register();
	if (UNLIKELY(!t || t->inside || t->python_layer))
		return NULL;
	t->python_layer = l;
	t->via_done = 0;
	return t;
}

/* The request may come to malloc: it shall know whose it is. */
static inline void tell_malloc(struct thread *t, size_t size, uint64_t site, uint64_t frame)
{
	const struct layer *const l = t->python_layer;

	t->via_kind = l->slack ? HC_KIND_ARENA : HC_KIND_PYTHON;
	t->via_size = size;
	t->via_rounded = asked_size(l, size);
	t->via_slack = l->slack;
	t->via_site = site;
	t->via_sp = frame;
}

/* The block is in no table yet. */
__attribute__((always_inline)) static inline void insert(struct thread *t, void *p, size_t size,
							 uint64_t site)
{
	if (LIKELY(thread_enter_known(t) != NULL)) {
		live_insert(t, PLANE_PYTHON, (uint64_t)p, size, HC_KIND_PYTHON, site_find(t, site),
			    t->attr);
		thread_leave(t);
	}
}

__attribute__((always_inline)) static inline void finish(struct thread *t, void *p, size_t size,
							 uint64_t site)
{
	const bool recorded = t->via_done == (uint64_t)p && !t->via_slack;

	t->python_layer = NULL;
	if (UNLIKELY(t->via_sp | t->via_slack)) {
		t->via_sp = 0;
		t->via_slack = 0;
	}
	if (LIKELY(p) && !recorded)
		insert(t, p, size, site);
}

static void *python_alloc(void *ctx, size_t size)
{
	const struct layer *const l = ctx;
	struct thread *const t = begin(l);

	if (UNLIKELY(t && size >= l->passed_on))
		tell_malloc(t, size, WRAP_CALLER, WRAP_FRAME);
	void *const p = l->next.alloc(l->next.ctx, asked_size(l, size));

	if (LIKELY(t))
		finish(t, p, size, WRAP_CALLER);
	return p;
}

static void *python_zero_alloc(void *ctx, size_t nr, size_t size)
{
	const struct layer *const l = ctx;
	const size_t total = nr * size; /* cannot overflow: the interpreter has looked */
	struct thread *const t = begin(l);

	if (UNLIKELY(t && total >= l->passed_on))
		tell_malloc(t, total, WRAP_CALLER, WRAP_FRAME);
	void *const p = total >= l->min_size ? l->next.zero_alloc(l->next.ctx, nr, size)
					     : l->next.zero_alloc(l->next.ctx, 1, l->min_size);

	if (LIKELY(t))
		finish(t, p, total, WRAP_CALLER);
	return p;
}

/* True where it was one of pymalloc's. */
__attribute__((always_inline)) static inline bool forget(void *p, struct live_block *was)
{
	struct thread *const t = thread_enter();
	const bool known = live_forget(t, PLANE_PYTHON, (uint64_t)p, was);

	if (LIKELY(t != NULL))
		thread_leave(t);
	return known;
}

static void drop_label(void *p, const struct live_block *was)
{
	struct thread *const t = thread_enter();

	live_forget_label(PLANE_PYTHON, (uint64_t)p, was);
	if (t)
		thread_leave(t);
}

static void restore(void *p, size_t size, const struct live_block *was)
{
	struct thread *const t = thread_enter();

	if (!t)
		return;
	live_restore(t, PLANE_PYTHON, (uint64_t)p, size, was);
	thread_leave(t);
}

/* Not one of pymalloc's that we know: malloc's, or a lower wrapper's, or born while the allocators
 * were not wrapped. */
static void release_unknown(const struct layer *l, void *p)
{
	struct thread *const t = thread_self;
	const uint64_t nr_freed = t ? t->nr_freed : 0;
	const bool outermost = t && !t->python_layer && !t->inside;

	if (outermost)
		t->python_layer = l;
	l->next.release(l->next.ctx, p);
	if (!outermost)
		return;
	t->python_layer = NULL;
	if (p && !l->covered && t->nr_freed == nr_freed)
		COUNT(python_unknown_freed);
}

static void python_release(void *ctx, void *p)
{
	const struct layer *const l = ctx;
	struct live_block was;

	if (UNLIKELY(!p || !forget(p, &was))) {
		release_unknown(l, p);
		return;
	}
	if (UNLIKELY(record_flags(was.a) & RECORD_LABELLED))
		drop_label(p, &was);
	l->next.release(l->next.ctx, p);
}

static void *python_resize(void *ctx, void *old, size_t size)
{
	const struct layer *const l = ctx;
	struct live_block was;
	const bool known = old && forget(old, &was);
	struct thread *const t = begin(l);

	/* What malloc has stays malloc's, however small it becomes. */
	if (t && (!known || size >= l->passed_on))
		tell_malloc(t, size, WRAP_CALLER, WRAP_FRAME);
	void *const p = l->next.resize(l->next.ctx, old, asked_size(l, size));

	if (known && (!p || p == old))
		restore(old, p ? size : was.size, &was);
	else if (known && record_flags(was.a) & RECORD_LABELLED)
		drop_label(old, &was);
	/* A block that malloc had, and that stays where it is, malloc has put right. */
	if (LIKELY(t))
		finish(t, p == old ? NULL : p, size, WRAP_CALLER);
	return p;
}

/* pymalloc asks for an arena: did the request come through us? */
static void look_at_arena(const struct thread *t)
{
	struct layer *const l = t ? (struct layer *)t->python_layer : NULL;

	/* It did, and its next one is pymalloc: small requests are its own business. */
	if (l && !l->slack)
		l->passed_on = PYTHON_SMALL_MAX;
	if (t && !l && !t->inside) {
		COUNT(python_rewrapped);
		python_wrap();
	}
}

static bool is_arena(size_t size)
{
	return size == (target_python.minor >= 10 ? PYTHON_ARENA_SIZE : PYTHON_ARENA_SIZE_OLD);
}

/*
 * Arenas are known as such.  What else the interpreter maps here are chunks of its frames' stack
 * (3.11 and later), which is a root, not a block.
 */
static void *arena_alloc(void *ctx, size_t size)
{
	struct thread *const t = thread_self;
	const uint32_t before = t ? t->map_as : 0;
	void *p;

	(void)ctx;
	if (is_arena(size))
		look_at_arena(t);
	if (t)
		t->map_as = is_arena(size) ? THREAD_MAP_ARENA : THREAD_MAP_ROOT;
	p = wrapped.arenas.alloc(wrapped.arenas.ctx, size);
	if (t)
		t->map_as = before;
	return p;
}

static void arena_release(void *ctx, void *p, size_t size)
{
	(void)ctx;
	/* No block is left in it, or none that we were told of. */
	if (is_arena(size))
		plane_clear(&live_planes[PLANE_PYTHON], (uint64_t)p, size);
	wrapped.arenas.release(wrapped.arenas.ctx, p, size);
}

/* The layer over `next`: the one that was there before, where the program goes back and forth. */
static struct layer *get_layer(const struct python_allocator *next)
{
	for (uint32_t i = 0; i < wrapped.nr_layers; i++)
		if (!memcmp(&wrapped.layers[i].next, next, sizeof(*next)))
			return &wrapped.layers[i];
	if (wrapped.nr_layers == PYTHON_NR_LAYERS)
		return NULL;
	for (uint32_t i = 0; i < wrapped.nr_layers; i++)
		wrapped.layers[i].covered |= next->ctx != NULL;
	struct layer *const l = &wrapped.layers[wrapped.nr_layers++];

	/* The interpreter's own allocators have no context, debug hooks have. */
	l->next = *next;
	l->slack = next->ctx ? PYTHON_DEBUG_SLACK : 0;
	l->min_size = next->ctx ? 0 : PYTHON_MIN_SIZE;
	return l;
}

static void wrap_domain(enum python_domain domain)
{
	struct python_allocator now;
	struct layer *l;

	target_python.get_allocator((int)domain, &now);
	if (now.alloc == python_alloc)
		return;
	l = get_layer(&now);
	if (!l) {
		COUNT(python_lost);
		return;
	}
	target_python.set_allocator((int)domain, &(struct python_allocator){
							 .ctx = l,
							 .alloc = python_alloc,
							 .zero_alloc = python_zero_alloc,
							 .resize = python_resize,
							 .release = python_release,
						 });
}

void python_wrap(void)
{
	struct python_allocator object;
	struct python_arenas arenas;

	target_python.get_allocator(PYTHON_OBJECT, &object);
	/* 3.12 cannot be asked at first: its lock comes with its start. */
	if (wrapped.nr_layers && object.alloc != python_alloc)
		python_name_allocator();
	wrap_domain(PYTHON_MEM);
	wrap_domain(PYTHON_OBJECT);
	target_python.get_arenas(&arenas);
	if (arenas.alloc == arena_alloc)
		return;
	wrapped.arenas = arenas;
	target_python.set_arenas(
		&(struct python_arenas){ .alloc = arena_alloc, .release = arena_release });
}
