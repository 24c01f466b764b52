/* SPDX-License-Identifier: MIT */
/*
 * Anonymous mappings as blocks.  Not blocks: files, reservations (PROT_NONE), and what the
 * allocator maps for itself, which it does from inside a wrapper or from its own code.
 *
 * What takes address space away (munmap, mremap, MAP_FIXED) holds the mmap plane's lock across the
 * call: live/mapped.h says why.
 */
#include <errno.h>

#include "hook/wrap.h"
#include "live/mapped.h"
#include "rt/sys.h"

static bool is_block(int prot, int flags, uint64_t site)
{
	const struct thread *const t = thread_self;

	return flags & MAP_ANONYMOUS && prot != PROT_NONE && !(t && t->map_as == THREAD_MAP_ROOT) &&
	       !(site >= real.allocator_start && site < real.allocator_end);
}

/* A call from inside another one.  glibc does not come here for itself, so over glibc it is a
 * signal handler's mapping that is lost. */
static void count_nested(void)
{
	if (real.min_size == 0)
		COUNT(maps_lost);
}

/* A raw call's result as libc gives it. */
static void *libc_result(void *p)
{
	if (!sys_is_error((long)p))
		return p;
	errno = (int)-(long)p;
	return MAP_FAILED;
}

static inline void *map(void *at, size_t len, int prot, int flags, int fd, off_t offset,
			uint64_t site)
{
	const bool fixed = (flags & MAP_FIXED) != 0;
	const bool block = is_block(prot, flags, site);

	if (UNLIKELY(!real_ready()))
		return libc_result(sys_mmap(at, len, prot, flags, fd, offset));
	struct thread *const t = fixed || block ? thread_enter() : NULL;

	if (!t) {
		if (fixed || block)
			count_nested();
		return real.mmap(at, len, prot, flags, fd, offset);
	}
	const uint32_t stack = block ? site_find(t, site, len) : 0;

	mapped_lock();
	void *const p = real.mmap(at, len, prot, flags, fd, offset);

	if (p != MAP_FAILED && fixed)
		mapped_remove(t, (uint64_t)p, len);
	if (p != MAP_FAILED && block)
		mapped_insert(t, (uint64_t)p, len,
			      t->map_as == THREAD_MAP_ARENA || t->python_layer ? HC_KIND_ARENA
									       : HC_KIND_MMAP,
			      stack);
	mapped_unlock();
	thread_leave(t);
	return p;
}

HOOK_EXPORT void *mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	return map(at, len, prot, flags, fd, offset, WRAP_CALLER);
}

HOOK_EXPORT void *mmap64(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	return map(at, len, prot, flags, fd, offset, WRAP_CALLER);
}

HOOK_EXPORT int munmap(void *at, size_t len)
{
	struct thread *const t = real_enter();
	int result;

	if (UNLIKELY(!t)) {
		result = real_ready() ? real.munmap(at, len) : sys_munmap(at, len);
		if (real_ready() || result == 0)
			return result;
		errno = -result;
		return -1;
	}
	mapped_lock();
	result = real.munmap(at, len);
	if (result == 0)
		mapped_remove(t, (uint64_t)at, len);
	mapped_unlock();
	thread_leave(t);
	return result;
}

HOOK_EXPORT void *mremap(void *old, size_t old_len, size_t new_len, int flags, ...)
{
	struct thread *const t = real_enter();
	void *to = NULL;
	va_list args;

	va_start(args, flags);
	if (flags & MREMAP_FIXED)
		to = va_arg(args, void *);
	va_end(args);
	if (UNLIKELY(!t))
		return libc_result(sys_mremap(old, old_len, new_len, flags, to));
	mapped_lock();
	void *const p = real.mremap(old, old_len, new_len, flags, to);

	if (p != MAP_FAILED) {
		/* Nothing is left of the old place, unless that was asked for (a second view of
		 * shared memory, or empty pages). */
		const bool stays = old_len == 0 || flags & MREMAP_DONTUNMAP;

		mapped_move(t, (uint64_t)old, old_len, (uint64_t)p, new_len, stays);
	}
	mapped_unlock();
	thread_leave(t);
	return p;
}
