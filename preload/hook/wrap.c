/* SPDX-License-Identifier: MIT */
/*
 * The rare paths of the wrappers: calls that may not enter, blocks nobody knows, allocation by way
 * of another entry point.
 *
 * May run at any time after the library is mapped, also in a signal handler that interrupted the
 * allocator.  errno is the allocator's.
 */
#include "hook/wrap.h"

#include <errno.h>
#include <string.h>

#include "rt/count.h"
#include "rt/private.h"

struct thread *wrap_via_begin(uint32_t kind, size_t size, size_t align, uint64_t site,
			      uint64_t frame)
{
	struct thread *t = thread_self;

	if (!t)
		t = thread_register();
	if (!t || t->inside || t->via_sp > frame)
		return NULL;
	t->via_kind = kind;
	t->via_size = size;
	t->via_rounded = align ? (wrap_size(size) + align - 1) & -align : wrap_size(size);
	t->via_site = site;
	t->via_done = 0;
	t->via_sp = frame;
	return t;
}

static bool is_via_size(const struct thread *t, size_t size)
{
	return !t->via_kind || size == t->via_size ||
	       (size >= t->via_rounded && size <= t->via_rounded + t->via_slack);
}

/* Called by the inner entry point: is this the block that the outer one is about? */
void wrap_take_via(struct thread *t, const void *p, size_t *size, uint32_t *kind, uint64_t *site)
{
	const bool below = (uint64_t)__builtin_frame_address(0) < t->via_sp;

	t->via_sp = 0;
	if (!below || !is_via_size(t, *size))
		return;
	*site = t->via_site;
	if (t->via_kind) {
		*kind = t->via_kind;
		/* With slack it is the memory around the block. */
		if (!t->via_slack)
			*size = t->via_size;
	}
	t->via_done = (uint64_t)p;
}

/* Not what is usual with whole stacks. */
__attribute__((noinline)) static void insert_unusual(struct thread *t, void *p, size_t size,
						     uint32_t kind, uint32_t stack)
{
	live_insert(t, PLANE_MALLOC, (uint64_t)p, size, kind, stack, t->attr);
}

__attribute__((noinline)) static void insert_via(struct thread *t, void *p, size_t size,
						 uint32_t kind, uint64_t site)
{
	wrap_take_via(t, p, &size, &kind, &site);
	insert_unusual(t, p, size, kind, site_find(t, site, size));
}

/* With whole stacks every block comes here. */
void wrap_insert_slow(struct thread *t, void *p, size_t size, uint32_t kind, const uint64_t *cfa)
{
	if (UNLIKELY(t->via_sp)) {
		insert_via(t, p, size, kind, cfa[-1]);
		return;
	}
	const uint32_t stack = site_find_at(t, cfa, size);

	if (UNLIKELY(!live_insert_hot(t, (uint64_t)p, size, kind, stack)))
		insert_unusual(t, p, size, kind, stack);
}

void *wrap_finish_slow(struct thread *t, void *p, size_t size, uint32_t kind, const uint64_t *cfa)
{
	if (p)
		wrap_insert_slow(t, p, size, kind, cfa);
	thread_leave(t);
	return p;
}

void *wrap_finish_pending(struct thread *t, void *p)
{
	trigger_run_pending(t);
	return p;
}

static bool is_private(const void *p) { return p && private_contains(p); }

/* The block did not come as expected: rounded up, by another way, or from an allocator that never
 * calls malloc. */
static void correct_via(struct thread *t, void *p, uint32_t kind, size_t size, uint64_t site)
{
	struct live_block was;

	if (is_private(p) || !(t = thread_enter()))
		return;
	const uint32_t stack = site_find(t, site, 0);

	if (live_find(PLANE_MALLOC, (uint64_t)p, &was)) {
		if (kind) {
			live_forget(t, PLANE_MALLOC, (uint64_t)p, &was);
			live_restore(t, PLANE_MALLOC, (uint64_t)p, size, &was);
		}
		live_change(PLANE_MALLOC, (uint64_t)p, kind ? kind : HC_KIND_MALLOC, stack,
			    record_attr(was.a));
	} else if (kind) {
		live_insert(t, PLANE_MALLOC, (uint64_t)p, size, kind, stack, t->attr);
	}
	thread_leave(t);
}

void wrap_via_end(struct thread *t, void *p, uint32_t kind, size_t size, uint64_t site)
{
	if (!t)
		return;
	t->via_sp = 0;
	if (p && t->via_done != (uint64_t)p)
		correct_via(t, p, kind, size, site);
}

bool wrap_free_unknown(void *p)
{
	if (is_private(p)) {
		private_free(p);
		return true;
	}
	if (thread_self->deleting == (uint64_t)p)
		thread_self->deleting = 0;
	else
		COUNT(blocks_unknown_freed);
	return false;
}

static void *private_block(size_t align, size_t size, bool zero)
{
	void *const p = align > 16 ? private_memalign(align, size) : private_malloc(size);

	if (p && zero)
		memset(p, 0, size);
	return p;
}

void *wrap_real_aligned(size_t align, size_t size)
{
	void *p = NULL;

	if (real.memalign)
		return real.memalign(align, size);
	if (real.aligned_alloc)
		return real.aligned_alloc(align, size);
	if (real.posix_memalign && real.posix_memalign(&p, align < 8 ? 8 : align, size) == 0)
		return p;
	errno = ENOMEM;
	return NULL;
}

size_t wrap_real_usable_size(void *p)
{
	struct live_block block;

	if (real.malloc_usable_size)
		return real.malloc_usable_size(p);
	return live_find(PLANE_MALLOC, (uint64_t)p, &block) ? block.size : 0;
}

void *wrap_spare_alloc(size_t align, size_t size, bool zero)
{
	const struct thread *const t = thread_self;
	void *p = NULL;

	if (!real_ready())
		return private_block(align, size, zero);
	if (t && t->in_unwinder)
		p = private_block(align, size, zero);
	if (p)
		return p;
	if (t)
		COUNT(blocks_nested);
	else
		COUNT(blocks_no_thread);
	if (zero)
		return real.calloc(1, wrap_size(size));
	return align > 16 ? wrap_real_aligned(align, wrap_size(size))
			  : real.malloc(wrap_size(size));
}

void wrap_spare_free(void *p)
{
	struct live_block was;

	if (is_private(p)) {
		private_free(p);
		return;
	}
	if (!real_ready())
		return;		/* nobody's yet: cannot happen, and must not crash */
	live_forget(NULL, PLANE_MALLOC, (uint64_t)p, &was);
	real.free(p);
}

void wrap_free_inside(void *p)
{
	struct thread *const t = thread_enter();

	real.free(p);
	if (t)
		thread_leave(t);
}

void *wrap_spare_realloc(void *old, size_t size)
{
	struct live_block was;
	void *p;

	if (!old)
		return wrap_spare_alloc(0, size, false);
	if (!is_private(old)) {
		live_forget(NULL, PLANE_MALLOC, (uint64_t)old, &was);
		COUNT(blocks_nested);
		return real.realloc(old, size ? wrap_size(size) : 0);
	}
	p = wrap_spare_alloc(0, size, false);
	if (p) {
		const size_t usable = private_usable_size(old);

		memcpy(p, old, usable < size ? usable : size);
		private_free(old);
	}
	return p;
}
