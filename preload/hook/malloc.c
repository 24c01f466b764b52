/* SPDX-License-Identifier: MIT */
/*
 * malloc and its family.  Rules: forget a block before the allocator gets it back (its address may
 * be handed out again at once), insert it when the allocator has given it; errno and results are
 * the allocator's own.
 *
 * Any thread, before constructors, in signal handlers; everything here may be called again by what
 * it calls.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "hook/wrap.h"
#include "live/attr.h"
#include "live/label.h"
#include "rt/private.h"

__attribute__((noinline)) static void *malloc_slow(size_t size, const uint64_t *cfa)
{
	struct thread *const t = wrap_enter();

	if (!t)
		return wrap_spare_alloc(0, size, false);
	return wrap_finish(t, real.malloc(wrap_size(size)), size, HC_KIND_MALLOC, cfa);
}

HOOK_EXPORT void *malloc(size_t size)
{
	struct thread *const t = thread_self;

	if (UNLIKELY(!wrap_enter_hot(t, size)))
		return malloc_slow(size, WRAP_CFA);
	void *const p = real.malloc(size);

	return wrap_finish(t, p, size, HC_KIND_MALLOC, WRAP_CFA);
}

HOOK_EXPORT void *calloc(size_t nr, size_t size)
{
	size_t total;

	if (UNLIKELY(__builtin_mul_overflow(nr, size, &total))) {
		errno = ENOMEM;
		return NULL;
	}
	struct thread *const t = wrap_enter();

	if (UNLIKELY(!t))
		return wrap_spare_alloc(0, total, true);
	void *const p = LIKELY(total >= real.min_size) ? real.calloc(nr, size)
						       : real.calloc(1, real.min_size);

	return wrap_finish(t, p, total, HC_KIND_CALLOC, WRAP_CFA);
}

/* free from the door on, where something is out of the ordinary. */
__attribute__((noinline)) static void free_slow(struct thread *t, void *p)
{
	struct live_block was;
	bool is_theirs = true;

	if (live_forget(t, PLANE_MALLOC, (uint64_t)p, &was))
		live_forget_label(PLANE_MALLOC, (uint64_t)p, &was);
	else
		is_theirs = !wrap_free_unknown(p);
	thread_leave(t);
	if (is_theirs)
		real.give_back(p);
}

/* The thread's first call, a nested one, or one that waits at the gate. */
__attribute__((noinline)) static void free_at_door(void *p)
{
	struct thread *const t = real_enter();

	if (t)
		free_slow(t, p);
	else
		wrap_spare_free(p);
}

__attribute__((noinline)) static void free_pending(struct thread *t, void *p)
{
	trigger_run_pending(t);
	real.give_back(p);
}

/* A block that is forgotten is none of the program's any more: the allocator is called outside the
 * door, by a jump (real.give_back). */
HOOK_EXPORT void free(void *p)
{
	struct thread *const t = thread_self;

	if (UNLIKELY(!p))
		return;
	if (UNLIKELY(!t || !thread_enter_hot(t)))
		free_at_door(p);
	else if (UNLIKELY(!live_forget_hot(t, (uint64_t)p)))
		free_slow(t, p);
	else if (UNLIKELY(thread_leave_hot(t)))
		free_pending(t, p);
	else
		real.give_back(p);
}

void wrap_free(void *p) __attribute__((alias("free")));

/* C23.  The size is a hint that the allocator can do without. */
HOOK_EXPORT void free_sized(void *p, size_t size)
{
	(void)size;
	wrap_free(p);
}

HOOK_EXPORT void free_aligned_sized(void *p, size_t align, size_t size)
{
	(void)align, (void)size;
	wrap_free(p);
}

/* The block has moved: a new one, with the tag and the label of the old. */
static void insert_moved(struct thread *t, void *p, size_t size, const uint64_t *cfa, uint64_t old,
			 const struct live_block *was)
{
	const bool tagged = attr_get(record_attr(was->a)).tag != 0;
	const bool labelled = record_flags(was->a) & RECORD_LABELLED;
	uint32_t kind = HC_KIND_REALLOC, stack;

	if (UNLIKELY(t->via_sp != 0)) {
		uint64_t site = cfa[-1];

		wrap_take_via(t, p, &size, &kind, &site);
		stack = site_find(t, site, size);
	} else {
		stack = site_find_at(t, cfa, size);
	}
	live_insert(t, PLANE_MALLOC, (uint64_t)p, size, kind, stack,
		    tagged ? record_attr(was->a) : t->attr);
	if (labelled) {
		label_move(PLANE_MALLOC, old, (uint64_t)p);
		live_set_labelled(PLANE_MALLOC, (uint64_t)p, true);
	}
}

void wrap_after_realloc(struct thread *t, void *p, size_t size, const uint64_t *cfa, uint64_t old,
			const struct live_block *was)
{
	if ((uint64_t)p == old) {
		live_restore(t, PLANE_MALLOC, old, size, was);
	} else if (p) {
		insert_moved(t, p, size, cfa, old, was);
	} else if (size == 0 && errno != ENOMEM) {
		live_forget_label(PLANE_MALLOC, old, was);	/* realloc(p, 0) that frees */
	} else {
		live_restore(t, PLANE_MALLOC, old, was->size, was);
	}
}

/* An allocator may answer realloc(p, 0) with its smallest block, which could share a granule. */
static void *real_realloc(void *old, size_t size)
{
	void *const p = real.realloc(old, size ? wrap_size(size) : 0);

	if (!p || size || !real.min_size)
		return p;
	void *const wider = real.realloc(p, real.min_size);

	return wider ? wider : p;
}

static void *realloc_block(struct thread *t, void *old, size_t size, const uint64_t *cfa)
{
	const int saved_errno = errno;
	struct live_block was;
	const bool known = live_forget(t, PLANE_MALLOC, (uint64_t)old, &was);
	void *p;

	errno = 0;
	if (UNLIKELY(!known && private_contains(old))) {
		p = real.malloc(wrap_size(size));
		if (p) {
			const size_t usable = private_usable_size(old);

			memcpy(p, old, usable < size ? usable : size);
			private_free(old);
		}
	} else {
		p = real_realloc(old, size);
	}
	if (LIKELY(known)) {
		wrap_after_realloc(t, p, size, cfa, (uint64_t)old, &was);
	} else {
		COUNT(blocks_unknown_freed);
		live_notice_time(t);
		if (p)
			wrap_insert(t, p, size, HC_KIND_REALLOC, cfa);
	}
	if (errno == 0)
		errno = saved_errno;
	return p;
}

void *wrap_realloc(void *old, size_t size, const uint64_t *cfa)
{
	struct thread *const t = real_enter();
	void *p;

	if (UNLIKELY(!t))
		return wrap_spare_realloc(old, size);
	if (!old) {
		live_notice_time(t);
		return wrap_finish(t, real.realloc(NULL, wrap_size(size)), size, HC_KIND_REALLOC,
				   cfa);
	}
	p = realloc_block(t, old, size, cfa);
	thread_leave(t);
	return p;
}

HOOK_EXPORT void *realloc(void *old, size_t size) { return wrap_realloc(old, size, WRAP_CFA); }

HOOK_EXPORT void *reallocarray(void *old, size_t nr, size_t size)
{
	size_t total;

	if (UNLIKELY(__builtin_mul_overflow(nr, size, &total))) {
		errno = ENOMEM;
		return NULL;
	}
	return wrap_realloc(old, total, WRAP_CFA);
}

HOOK_EXPORT int posix_memalign(void **out, size_t align, size_t size)
{
	struct thread *const t = wrap_enter();
	int error = ENOMEM;

	if (UNLIKELY(!t)) {
		if (align % sizeof(void *) || !align || align & (align - 1))
			return EINVAL;
		void *const p = wrap_spare_alloc(align, size, false);

		if (p)
			*out = p;
		return p ? 0 : ENOMEM;
	}
	if (real.posix_memalign)
		error = real.posix_memalign(out, align, wrap_size(size));
	if (error == 0 && *out)
		wrap_insert(t, *out, size, HC_KIND_MEMALIGN, WRAP_CFA);
	thread_leave(t);
	return error;
}

/* The rest of the aligned family: `call` is the real function's answer to a request of `asked`
 * bytes. */
#define ALIGNED_BODY(align, asked, size, call) \
	struct thread *const t = wrap_enter(); \
\
	if (UNLIKELY(!t)) \
		return wrap_spare_alloc(align, asked, false); \
	void *const p = call; \
\
	if (LIKELY(p)) \
		wrap_insert(t, p, size, HC_KIND_MEMALIGN, WRAP_CFA); \
	thread_leave(t); \
	return p

HOOK_EXPORT void *aligned_alloc(size_t align, size_t size)
{
	ALIGNED_BODY(align, size, size,
		     real.aligned_alloc ? real.aligned_alloc(align, wrap_size(size))
					: wrap_real_aligned(align, wrap_size(size)));
}

HOOK_EXPORT void *memalign(size_t align, size_t size)
{
	ALIGNED_BODY(align, size, size, wrap_real_aligned(align, wrap_size(size)));
}

static size_t page_size(void) { return (size_t)sysconf(_SC_PAGESIZE); }

HOOK_EXPORT void *valloc(size_t size)
{
	ALIGNED_BODY(page_size(), size, size,
		     real.valloc ? real.valloc(wrap_size(size))
				 : wrap_real_aligned(page_size(), wrap_size(size)));
}

HOOK_EXPORT void *pvalloc(size_t size)
{
	const size_t page = page_size();
	size_t asked = page;

	if (size && (__builtin_add_overflow(size, page - 1, &asked) || !(asked &= ~(page - 1)))) {
		errno = ENOMEM;
		return NULL;
	}
	ALIGNED_BODY(page, asked, size,
		     real.pvalloc ? real.pvalloc(size) : wrap_real_aligned(page, asked));
}

HOOK_EXPORT size_t malloc_usable_size(void *p)
{
	if (!p)
		return 0;
	if (private_contains(p))
		return private_usable_size(p);
	return real_ready() ? wrap_real_usable_size(p) : 0;
}
