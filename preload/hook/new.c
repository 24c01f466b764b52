/* SPDX-License-Identifier: MIT */
/*
 * operator new and delete in all their forms.  The next definition may throw or call a new_handler,
 * so nothing is held across it: the wrapper says in struct thread who is asking, the malloc below
 * takes it from there, and what came another way is put right afterwards.
 *
 * The names are C++'s own, mangled; this file is C so that the library needs no C++ runtime.
 * Exceptions pass through (-fexceptions).
 */
#include <dlfcn.h>

#include "hook/wrap.h"
#include "rt/private.h"

/* Is there a next definition?  A runtime that was loaded later, or privately, is looked for. */
#define HAS_NEXT(name) \
	(LIKELY(real.name) || (real_ready() && (real.name || (real_find_new() && real.name))))

typedef void new_handler(void);

static new_handler *find_new_handler(void)
{
	new_handler *(*const get)(void) =
		(new_handler * (*)(void)) dlsym(RTLD_DEFAULT, "_ZSt15get_new_handlerv");

	return get ? get() : NULL;
}

/*
 * In a process without any C++ runtime (or before it is there).  NULL where memory is out: there is
 * nobody who could throw.
 */
static void *new_without_runtime(size_t size, size_t align, uint32_t kind, const uint64_t *cfa)
{
	for (;;) {
		struct thread *const t = wrap_enter();
		void *p;

		if (!t)
			return wrap_spare_alloc(align, size, false);
		p = align > 16 ? wrap_real_aligned(align, wrap_size(size))
			       : real.malloc(size ? wrap_size(size) : 1);
		if (p)
			wrap_insert(t, p, size, kind, cfa);
		thread_leave(t);
		new_handler *const handler = p ? NULL : find_new_handler();

		if (!handler)
			return p;
		handler();
	}
}

/*
 * What the C++ runtime's operator new does first, without the detour through it: most of a C++
 * program's blocks come this way.  NULL where that fails or this thread may not enter: then the
 * runtime is asked, which knows about handlers and exceptions.
 */
static inline void *new_by_malloc(size_t size, uint32_t kind, const uint64_t *cfa)
{
	struct thread *const t = wrap_enter();

	if (UNLIKELY(!t))
		return NULL;
	return wrap_finish(t, real.malloc(wrap_size(size ? size : 1)), size, kind, cfa);
}

#define TRY_PLAIN(kind, size) \
	if (LIKELY(real.plain_new)) { \
		void *const plain = new_by_malloc(size, kind, WRAP_CFA); \
\
		if (LIKELY(plain)) \
			return plain; \
	}

#define NEW_BODY(name, kind, size, align, ...) \
	if (!HAS_NEXT(name)) \
		return new_without_runtime(size, align, kind, WRAP_CFA); \
	struct thread *const t = wrap_via_begin(kind, size, align, WRAP_CALLER, WRAP_FRAME); \
	void *const p = real.name(__VA_ARGS__); \
\
	wrap_via_end(t, p, kind, size, WRAP_CALLER); \
	return p

HOOK_EXPORT void *_Znwm(size_t size)
{
	TRY_PLAIN(HC_KIND_NEW, size)
	NEW_BODY(_Znwm, HC_KIND_NEW, size, 0, wrap_size(size));
}

HOOK_EXPORT void *_Znam(size_t size)
{
	TRY_PLAIN(HC_KIND_NEW_ARRAY, size)
	NEW_BODY(_Znam, HC_KIND_NEW_ARRAY, size, 0, wrap_size(size));
}

HOOK_EXPORT void *_ZnwmRKSt9nothrow_t(size_t size, const void *nothrow)
{
	TRY_PLAIN(HC_KIND_NEW, size)
	NEW_BODY(_ZnwmRKSt9nothrow_t, HC_KIND_NEW, size, 0, wrap_size(size), nothrow);
}

HOOK_EXPORT void *_ZnamRKSt9nothrow_t(size_t size, const void *nothrow)
{
	TRY_PLAIN(HC_KIND_NEW_ARRAY, size)
	NEW_BODY(_ZnamRKSt9nothrow_t, HC_KIND_NEW_ARRAY, size, 0, wrap_size(size), nothrow);
}

HOOK_EXPORT void *_ZnwmSt11align_val_t(size_t size, size_t align)
{
	NEW_BODY(_ZnwmSt11align_val_t, HC_KIND_NEW, size, align, wrap_size(size), align);
}

HOOK_EXPORT void *_ZnamSt11align_val_t(size_t size, size_t align)
{
	NEW_BODY(_ZnamSt11align_val_t, HC_KIND_NEW_ARRAY, size, align, wrap_size(size), align);
}

HOOK_EXPORT void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t align, const void *nothrow)
{
	NEW_BODY(_ZnwmSt11align_val_tRKSt9nothrow_t, HC_KIND_NEW, size, align, wrap_size(size),
		 align, nothrow);
}

HOOK_EXPORT void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t align, const void *nothrow)
{
	NEW_BODY(_ZnamSt11align_val_tRKSt9nothrow_t, HC_KIND_NEW_ARRAY, size, align,
		 wrap_size(size), align, nothrow);
}

/*
 * Before the delete of an allocator that has its own, which may come back to our free (jemalloc's
 * does for some forms) or not. False: p was private memory, and is free now.
 */
static bool forget_direct(void *p)
{
	struct thread *const t = thread_enter();
	struct live_block was;
	bool is_theirs = true;

	if (live_forget(t, PLANE_MALLOC, (uint64_t)p, &was)) {
		if (t)
			live_forget_label(PLANE_MALLOC, (uint64_t)p, &was);
	} else if (t) {
		is_theirs = !wrap_free_unknown(p);
	}
	if (t) {
		t->deleting = (uint64_t)p;
		thread_leave(t);
	}
	return is_theirs;
}

/* Where the runtime's definition comes back to our free, that does the rest; where it does only
 * that, or there is none, free is what delete does. */
#define DELETE_BODY(name, ...) \
	if (UNLIKELY(!p)) \
		return; \
	if (LIKELY(real.plain_new) || UNLIKELY(!real_ready() || !real.name)) \
		wrap_free(p); \
	else if (LIKELY(!real.direct_new) || forget_direct(p)) \
	real.name(__VA_ARGS__)

HOOK_EXPORT void _ZdlPv(void *p) { DELETE_BODY(_ZdlPv, p); }

HOOK_EXPORT void _ZdaPv(void *p) { DELETE_BODY(_ZdaPv, p); }

HOOK_EXPORT void _ZdlPvm(void *p, size_t size) { DELETE_BODY(_ZdlPvm, p, wrap_size(size)); }

HOOK_EXPORT void _ZdaPvm(void *p, size_t size) { DELETE_BODY(_ZdaPvm, p, wrap_size(size)); }

HOOK_EXPORT void _ZdlPvRKSt9nothrow_t(void *p, const void *nothrow)
{
	DELETE_BODY(_ZdlPvRKSt9nothrow_t, p, nothrow);
}

HOOK_EXPORT void _ZdaPvRKSt9nothrow_t(void *p, const void *nothrow)
{
	DELETE_BODY(_ZdaPvRKSt9nothrow_t, p, nothrow);
}

HOOK_EXPORT void _ZdlPvSt11align_val_t(void *p, size_t align)
{
	DELETE_BODY(_ZdlPvSt11align_val_t, p, align);
}

HOOK_EXPORT void _ZdaPvSt11align_val_t(void *p, size_t align)
{
	DELETE_BODY(_ZdaPvSt11align_val_t, p, align);
}

HOOK_EXPORT void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *p, size_t align, const void *nothrow)
{
	DELETE_BODY(_ZdlPvSt11align_val_tRKSt9nothrow_t, p, align, nothrow);
}

HOOK_EXPORT void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *p, size_t align, const void *nothrow)
{
	DELETE_BODY(_ZdaPvSt11align_val_tRKSt9nothrow_t, p, align, nothrow);
}

HOOK_EXPORT void _ZdlPvmSt11align_val_t(void *p, size_t size, size_t align)
{
	DELETE_BODY(_ZdlPvmSt11align_val_t, p, wrap_size(size), align);
}

HOOK_EXPORT void _ZdaPvmSt11align_val_t(void *p, size_t size, size_t align)
{
	DELETE_BODY(_ZdaPvmSt11align_val_t, p, wrap_size(size), align);
}
