/* SPDX-License-Identifier: MIT */
/*
 * Every function that the preload puts in the place of the program's own: once.  From these lists
 * come the table of next definitions (hook/real.h), the declarations of the wrappers, and the
 * export list of the library.
 *
 *   HOOKS        result, name, parameters
 *   HOOK_API     result, name, parameters: what <heapcensus/tag.h> reaches by weak symbols
 */
#ifndef HOOK_HOOKS_H
#define HOOK_HOOKS_H

#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <wchar.h>

#include <heapcensus/tag.h>

#define HOOKS_MALLOC(X) \
	X(void *, malloc, (size_t size)) \
	X(void *, calloc, (size_t nr, size_t size)) \
	X(void *, realloc, (void *old, size_t size)) \
	X(void *, reallocarray, (void *old, size_t nr, size_t size)) \
	X(void, free, (void *p)) \
	X(void, free_sized, (void *p, size_t size)) \
	X(void, free_aligned_sized, (void *p, size_t align, size_t size)) \
	X(int, posix_memalign, (void **out, size_t align, size_t size)) \
	X(void *, aligned_alloc, (size_t align, size_t size)) \
	X(void *, memalign, (size_t align, size_t size)) \
	X(void *, valloc, (size_t size)) \
	X(void *, pvalloc, (size_t size)) \
	X(size_t, malloc_usable_size, (void *p))

#define HOOKS_JEMALLOC(X) \
	X(void *, mallocx, (size_t size, int flags)) \
	X(void *, rallocx, (void *old, size_t size, int flags)) \
	X(size_t, xallocx, (void *p, size_t size, size_t extra, int flags)) \
	X(size_t, sallocx, (const void *p, int flags)) \
	X(void, dallocx, (void *p, int flags)) \
	X(void, sdallocx, (void *p, size_t size, int flags)) \
	X(size_t, nallocx, (size_t size, int flags))

#define HOOKS_NEW(X) \
	X(void *, _Znwm, (size_t size)) \
	X(void *, _Znam, (size_t size)) \
	X(void *, _ZnwmRKSt9nothrow_t, (size_t size, const void *nothrow)) \
	X(void *, _ZnamRKSt9nothrow_t, (size_t size, const void *nothrow)) \
	X(void *, _ZnwmSt11align_val_t, (size_t size, size_t align)) \
	X(void *, _ZnamSt11align_val_t, (size_t size, size_t align)) \
	X(void *, _ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t align, const void *nothrow)) \
	X(void *, _ZnamSt11align_val_tRKSt9nothrow_t, (size_t size, size_t align, const void *nothrow))

#define HOOKS_DELETE(X) \
	X(void, _ZdlPv, (void *p)) \
	X(void, _ZdaPv, (void *p)) \
	X(void, _ZdlPvm, (void *p, size_t size)) \
	X(void, _ZdaPvm, (void *p, size_t size)) \
	X(void, _ZdlPvRKSt9nothrow_t, (void *p, const void *nothrow)) \
	X(void, _ZdaPvRKSt9nothrow_t, (void *p, const void *nothrow)) \
	X(void, _ZdlPvSt11align_val_t, (void *p, size_t align)) \
	X(void, _ZdaPvSt11align_val_t, (void *p, size_t align)) \
	X(void, _ZdlPvSt11align_val_tRKSt9nothrow_t, (void *p, size_t align, const void *nothrow)) \
	X(void, _ZdaPvSt11align_val_tRKSt9nothrow_t, (void *p, size_t align, const void *nothrow)) \
	X(void, _ZdlPvmSt11align_val_t, (void *p, size_t size, size_t align)) \
	X(void, _ZdaPvmSt11align_val_t, (void *p, size_t size, size_t align))

/* Functions of libc that return memory: their block gets the caller as its site. */
#define HOOKS_STRDUP(X) \
	X(char *, strdup, (const char *s)) \
	X(char *, __strdup, (const char *s)) \
	X(char *, strndup, (const char *s, size_t max)) \
	X(char *, __strndup, (const char *s, size_t max)) \
	X(wchar_t *, wcsdup, (const wchar_t *s)) \
	X(int, asprintf, (char **out, const char *format, ...)) \
	X(int, vasprintf, (char **out, const char *format, va_list args)) \
	X(int, __asprintf_chk, (char **out, int flag, const char *format, ...)) \
	X(int, __vasprintf_chk, (char **out, int flag, const char *format, va_list args))

#define HOOKS_MAP(X) \
	X(void *, mmap, (void *at, size_t len, int prot, int flags, int fd, off_t offset)) \
	X(void *, mmap64, (void *at, size_t len, int prot, int flags, int fd, off_t offset)) \
	X(int, munmap, (void *at, size_t len)) \
	X(void *, mremap, (void *old, size_t old_len, size_t new_len, int flags, ...))

/* Whoever sets the action of the signal that asks for a dump. */
#define HOOKS_SIGNAL(X) \
	X(int, sigaction, (int sig, const struct sigaction *act, struct sigaction *old)) \
	X(int, __sigaction, (int sig, const struct sigaction *act, struct sigaction *old)) \
	X(sighandler_t, signal, (int sig, sighandler_t handler)) \
	X(sighandler_t, bsd_signal, (int sig, sighandler_t handler)) \
	X(sighandler_t, ssignal, (int sig, sighandler_t handler)) \
	X(sighandler_t, sysv_signal, (int sig, sighandler_t handler)) \
	X(sighandler_t, __sysv_signal, (int sig, sighandler_t handler)) \
	X(sighandler_t, sigset, (int sig, sighandler_t disposition)) \
	X(int, sigignore, (int sig)) \
	X(int, siginterrupt, (int sig, int interrupt)) \
	X(int, sigprocmask, (int how, const sigset_t *set, sigset_t *old)) \
	X(int, pthread_sigmask, (int how, const sigset_t *set, sigset_t *old))

/* Ends that run no destructor. */
#define HOOKS_END(X) \
	X(void, _exit, (int status)) \
	X(void, _Exit, (int status)) \
	X(void, quick_exit, (int status))

#define HOOKS_LOADER(X) \
	X(int, dlclose, (void *handle))

#define HOOKS(X) \
	HOOKS_MALLOC(X) \
	HOOKS_JEMALLOC(X) HOOKS_NEW(X) HOOKS_DELETE(X) HOOKS_STRDUP(X) HOOKS_MAP(X) \
		HOOKS_LOADER(X) HOOKS_SIGNAL(X) HOOKS_END(X)

#define HOOK_API(X) HEAPCENSUS_HOOKS(X)

#define HOOK_DECLARE(result, name, parameters) result name parameters;
HOOKS(HOOK_DECLARE)
#undef HOOK_DECLARE

/* Stands before every definition of theirs: the rest of the library is hidden. */
#define HOOK_EXPORT __attribute__((visibility("default")))

#endif
