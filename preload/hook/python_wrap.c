/* SPDX-License-Identifier: MIT */
/*
 * The wrappers around CPython's allocators.
 *
 * A block of pymalloc's is a record of live/objects.h.  For what is passed on to malloc the wrapper
 * says in struct thread who is asking, as operator new does, and malloc's own record is all there
 * is.  What stands in between (debug hooks) may put a header before the object: then malloc's block
 * is an arena, and the object is in PLANE_PYTHON.  Wrappers may stand on each other (debug
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
#include "live/objects.h"
#include "rt/message.h"
#include "snap/gate.h"
#include "target/python.h"

#include "rt/ban.h"

#define PYTHON_NR_LAYERS      16
#define PYTHON_MIN_SIZE	      16  /* other allocators' 8-byte blocks would share a granule */
#define PYTHON_DEBUG_SLACK    64  /* what debug hooks add at most */
#define PYTHON_ARENA_SIZE_OLD (256ul << 10) /* 3.9 and before */
#define PYTHON_ARENA_SIZE     (1ul << 20)
#define PYTHON_POOL_SHIFT_OLD 12
#define PYTHON_POOL_SHIFT     14
#define READERS_TIMEOUT_NS    (1000ul << 20)

struct layer {
	struct python_allocator next;
	size_t slack;	  /* the next one may ask malloc for that much more */
	size_t min_size;  /* requests are rounded up to this; 0 where debug hooks would notice */
	bool covered;	  /* another wrapper may stand on it, with something between them */
	size_t own_max;	  /* requests of 1 to this it serves by itself; 0: not known */
};

/* Written by python_wrap, which one thread at a time runs. */
static struct {
	struct layer layers[PYTHON_NR_LAYERS];
	uint32_t nr_layers;
	struct python_arenas arenas; /* the next ones */
	bool readers_gone;	     /* by whoever releases the first arena of the end */
} wrapped;

static size_t asked_size(const struct layer *l, size_t size)
{
	return size > l->min_size ? size : l->min_size;
}

static inline bool is_own(const struct layer *l, size_t size)
{
	return size - 1 < l->own_max;
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
static void insert(struct thread *t, void *p, size_t size,
							 uint64_t site)
{
	if (UNLIKELY(!thread_enter_known(t)))
		return;
	const uint32_t stack = site_find(t, site, size);

	if (!object_insert(t, (uint64_t)p, size, stack))
		live_insert(t, PLANE_PYTHON, (uint64_t)p, size, HC_KIND_PYTHON, stack, t->attr);
	thread_leave(t);
}

static void finish(struct thread *t, void *p, size_t size,
							 uint64_t site)
{
	const bool recorded = t->via_done == (uint64_t)p && !t->via_slack;

	if (UNLIKELY(t->via_sp | t->via_slack)) {
		t->via_sp = 0;
		t->via_slack = 0;
	}
	if (LIKELY(p) && !recorded)
		insert(t, p, size, site);
	t->python_layer = NULL; /* until here the frames are those of the GIL's holder */
}

/* Whatever the next allocator is, and whatever it does. */
__attribute__((noinline)) static void *alloc_any(const struct layer *l, size_t size, uint64_t site,
						 uint64_t frame)
{
	struct thread *const t = begin(l);

	if (t && !is_own(l, size))
		tell_malloc(t, size, site, frame);
	void *const p = l->next.alloc(l->next.ctx, asked_size(l, size));

	if (t)
		finish(t, p, size, site);
	return p;
}

/* A new pool, tick or site, or each one its own stack. */
static void insert_object(struct thread *t, void *p, size_t size, const uint64_t *cfa)
{
	if (UNLIKELY(!thread_enter_known(t)))
		return;
	const uint32_t stack = site_find_at(t, cfa, size);

	live_notice_time(t);
	if (!object_insert_hot(t, (uint64_t)p, size, stack) &&
	    !object_insert(t, (uint64_t)p, size, stack))
		live_insert(t, PLANE_PYTHON, (uint64_t)p, size, HC_KIND_PYTHON, stack, t->attr);
	thread_leave(t);
}

/* Where it lies in none of pymalloc's pools, malloc may know it. */
__attribute__((noinline)) static void insert_slow(struct thread *t, void *p, size_t size,
						  const uint64_t *cfa)
{
	const struct object_pool *const pool = object_find_pool((uint64_t)p);
	struct live_block block;

	if (pool && pool->block_size)
		insert_object(t, p, size, cfa);
	else if (!live_find(PLANE_MALLOC, (uint64_t)p, &block))
		insert(t, p, size, cfa[-1]);
}

/* The common case: a small request, pymalloc, an object of a known pool. */
static void *python_alloc(void *ctx, size_t size)
{
	const struct layer *const l = ctx;
	struct thread *const t = thread_self;

	if (UNLIKELY(!is_own(l, size) || !t || t->inside || t->python_layer))
		return alloc_any(l, size, WRAP_CALLER, WRAP_FRAME);
	t->python_layer = l;
	void *const p = l->next.alloc(l->next.ctx, size);
	const struct thread_site *const s = &t->sites[site_index(WRAP_CALLER)];
	bool done = false;

	if (LIKELY(s->pc == WRAP_CALLER && !site_is_due(t, size))) {
		thread_enter_known(t);
		live_notice_time(t);
		done = object_insert_hot(t, (uint64_t)p, size, s->node);
		thread_leave(t);
	}
	if (UNLIKELY(!done) && p)
		insert_slow(t, p, size, WRAP_CFA);
	t->python_layer = NULL; /* until here the frames are those of the GIL's holder */
	return p;
}

static void *python_zero_alloc(void *ctx, size_t nr, size_t size)
{
	const struct layer *const l = ctx;
	const size_t total = nr * size; /* cannot overflow: the interpreter has looked */
	struct thread *const t = begin(l);

	if (UNLIKELY(t && !is_own(l, total)))
		tell_malloc(t, total, WRAP_CALLER, WRAP_FRAME);
	void *const p = total >= l->min_size ? l->next.zero_alloc(l->next.ctx, nr, size)
					     : l->next.zero_alloc(l->next.ctx, 1, l->min_size);

	if (LIKELY(t))
		finish(t, p, total, WRAP_CALLER);
	return p;
}

/* One of pymalloc's that was taken out of the census. */
struct taken {
	struct live_block was;
	enum plane_id plane;
};

/* True where it was one of pymalloc's. */
static bool forget(void *p, struct taken *out)
{
	struct thread *const t = thread_enter();
	bool known = object_forget(t, (uint64_t)p, &out->was);

	out->plane = known ? PLANE_OBJECT : PLANE_PYTHON;
	if (!known)
		known = live_forget(t, PLANE_PYTHON, (uint64_t)p, &out->was);
	if (LIKELY(t != NULL))
		thread_leave(t);
	return known;
}

static void drop_label(void *p, const struct taken *taken)
{
	struct thread *const t = thread_enter();

	live_forget_label(taken->plane, (uint64_t)p, &taken->was);
	if (t)
		thread_leave(t);
}

static void restore(void *p, size_t size, const struct taken *taken)
{
	struct thread *const t = thread_enter();

	if (!t)
		return;
	live_restore(t, taken->plane, (uint64_t)p, size, &taken->was);
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

/* NULL, or not a common object. */
__attribute__((noinline)) static void release_slow(const struct layer *l, void *p)
{
	struct taken taken;

	if (!p || !forget(p, &taken)) {
		release_unknown(l, p);
		return;
	}
	drop_label(p, &taken);
	l->next.release(l->next.ctx, p);
}

static void python_release(void *ctx, void *p)
{
	const struct layer *const l = ctx;
	struct thread *const t = thread_self;

	if (LIKELY(t && object_forget_hot(t, (uint64_t)p)))
		l->next.release(l->next.ctx, p);
	else
		release_slow(l, p);
}

static void *python_resize(void *ctx, void *old, size_t size)
{
	const struct layer *const l = ctx;
	struct taken taken;
	const bool known = old && forget(old, &taken);
	struct thread *const t = begin(l);

	/* What malloc has stays malloc's, however small it becomes. */
	if (t && (!known || !is_own(l, size)))
		tell_malloc(t, size, WRAP_CALLER, WRAP_FRAME);
	void *const p = l->next.resize(l->next.ctx, old, asked_size(l, size));

	if (known && (!p || p == old))
		restore(old, p ? size : taken.was.size, &taken);
	else if (known)
		drop_label(old, &taken);
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
		l->own_max = OBJECT_SIZE_MAX;
	if (t && !l && !t->inside) {
		COUNT(python_rewrapped);
		python_wrap();
	}
}

static bool has_large_pools(void)
{
	return target_python.minor >= 10;
}

static bool is_arena(size_t size)
{
	return size == (has_large_pools() ? PYTHON_ARENA_SIZE : PYTHON_ARENA_SIZE_OLD);
}

/* Where it cannot be followed, its blocks are in PLANE_PYTHON. */
static void follow_arena(void *p, size_t size)
{
	struct thread *const t = thread_enter();

	if (!t)
		return;
	(void)objects_add_arena((uint64_t)p, size,
				has_large_pools() ? PYTHON_POOL_SHIFT : PYTHON_POOL_SHIFT_OLD);
	thread_leave(t);
}

static void forget_arena(void *p, size_t size)
{
	struct thread *const t = thread_enter();

	live_drop_watched(); /* an interpreter may end without freeing each object */
	plane_clear(&live_planes[PLANE_PYTHON], (uint64_t)p, size);
	if (!t)
		return;
	objects_remove_arena((uint64_t)p, size);
	thread_leave(t);
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
	if (p && is_arena(size))
		follow_arena(p, size);
	return p;
}

/*
 * When Python ends it frees the states and frames of threads that may still be running C code. From
 * then on nobody reads them (python_find_state); whoever has begun before is let go first.
 */
static void wait_for_readers(void)
{
	if (!target_python.has_frames || !target_python.is_finalizing()) {
		wrapped.readers_gone = false;
	} else if (!wrapped.readers_gone) {
		if (gate_close(READERS_TIMEOUT_NS))
			gate_open();
		wrapped.readers_gone = true;
	}
}

static void arena_release(void *ctx, void *p, size_t size)
{
	(void)ctx;
	wait_for_readers();
	/* No block is left in it, or none that we were told of. */
	if (is_arena(size))
		forget_arena(p, size);
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
