/* SPDX-License-Identifier: MIT */
/*
 * jemalloc's own interface.  Over jemalloc the calls go to it; over another allocator they are made
 * of what that has, as jemalloc's manual says they behave.
 */
#include <errno.h>
#include <string.h>

#include "hook/wrap.h"

#define FLAG_ZERO 0x40
#define FLAG_LG_ALIGN 0x3f

static size_t align_of(int flags) { return 1ul << (flags & FLAG_LG_ALIGN); }

static void *make_block(size_t size, int flags)
{
	void *p;

	if (align_of(flags) <= 16)
		return flags & FLAG_ZERO ? real.calloc(1, wrap_size(size))
					 : real.malloc(wrap_size(size));
	p = wrap_real_aligned(align_of(flags), wrap_size(size));
	if (p && flags & FLAG_ZERO)
		memset(p, 0, size);
	return p;
}

HOOK_EXPORT void *mallocx(size_t size, int flags)
{
	struct thread *const t = wrap_enter();

	if (UNLIKELY(!t))
		return wrap_spare_alloc(align_of(flags), size, flags & FLAG_ZERO);
	void *const p =
		real.mallocx ? real.mallocx(wrap_size(size), flags) : make_block(size, flags);

	if (LIKELY(p))
		wrap_insert(t, p, size, HC_KIND_MALLOC, WRAP_CFA);
	thread_leave(t);
	return p;
}

/* rallocx where the allocator has none: always by moving. */
static void *move_block(void *old, size_t size, int flags)
{
	const size_t usable = wrap_real_usable_size(old);
	void *const p = make_block(size, flags);

	if (!p)
		return NULL;
	memcpy(p, old, usable < size ? usable : size);
	real.free(old);
	return p;
}

HOOK_EXPORT void *rallocx(void *old, size_t size, int flags)
{
	struct thread *const t = wrap_enter();
	struct live_block was;
	void *p;

	if (UNLIKELY(!t))
		return wrap_spare_realloc(old, size);
	const bool known = live_forget(t, PLANE_MALLOC, (uint64_t)old, &was);

	p = real.rallocx ? real.rallocx(old, wrap_size(size), flags) : move_block(old, size, flags);
	if (known) {
		wrap_after_realloc(t, p, size, WRAP_CFA, (uint64_t)old, &was);
	} else {
		COUNT(blocks_unknown_freed);
		if (p)
			wrap_insert(t, p, size, HC_KIND_REALLOC, WRAP_CFA);
	}
	thread_leave(t);
	return p;
}

/* Resizes in place: the block is the same, its size is at least `size` and at most size + extra
 * where that was possible. */
HOOK_EXPORT size_t xallocx(void *p, size_t size, size_t extra, int flags)
{
	struct thread *const t = real_enter();
	struct live_block was;
	size_t most, usable;

	if (__builtin_add_overflow(size, extra, &most))
		most = SIZE_MAX;
	usable = real.xallocx ? real.xallocx(p, wrap_size(size), extra, flags)
			      : wrap_real_usable_size(p);
	if (t && usable >= size && live_forget(t, PLANE_MALLOC, (uint64_t)p, &was))
		live_restore(t, PLANE_MALLOC, (uint64_t)p, most < usable ? most : usable, &was);
	if (t)
		thread_leave(t);
	return usable;
}

HOOK_EXPORT size_t sallocx(const void *p, int flags)
{
	if (real_ready() && real.sallocx)
		return real.sallocx(p, flags);
	return wrap_real_usable_size((void *)p);
}

HOOK_EXPORT void dallocx(void *p, int flags)
{
	struct thread *const t = real_ready() && real.dallocx ? thread_enter() : NULL;
	struct live_block was;

	if (!t) {
		wrap_free(p);
		return;
	}
	if (live_forget(t, PLANE_MALLOC, (uint64_t)p, &was)) {
		live_forget_label(PLANE_MALLOC, (uint64_t)p, &was);
		real.dallocx(p, flags);
	} else if (!wrap_free_unknown(p)) {
		real.dallocx(p, flags);
	}
	thread_leave(t);
}

/* The size is a hint that dallocx can do without. */
HOOK_EXPORT void sdallocx(void *p, size_t size, int flags)
{
	(void)size;
	dallocx(p, flags);
}

/* glibc's chunks: 8 bytes of header, sizes of 16 n + 8, at least 24. */
HOOK_EXPORT size_t nallocx(size_t size, int flags)
{
	size_t usable;

	if (real_ready() && real.nallocx)
		return real.nallocx(size, flags);
	if (__builtin_add_overflow(size, 7, &usable))
		return 0;
	usable = (usable & ~15ul) + 8;
	return usable < 24 ? 24 : usable;
}
