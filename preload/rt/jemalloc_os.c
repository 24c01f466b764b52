/* SPDX-License-Identifier: MIT */
/*
 * What the private jemalloc asks of the system, under the names that scripts/make-private gave it:
 * pages come from our regions, the environment and /etc/malloc.conf (which belong to the host's
 * jemalloc) are not read, no thread is made, nothing is registered with libc.  What its heap
 * profiler would need (libm, the unwinder, files) does not exist here, and says so.
 *
 * Called from inside the private jemalloc, under the lock of rt/private.c.
 */
#include "rt/jemalloc.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>

#include "rt/sys.h"
#include "rt/ban.h"

/* One arena, no caches: every call is under one lock anyway; freed pages go back after a second. */
const char *hc_je_malloc_conf =
	"narenas:1,tcache:false,percpu_arena:disabled,background_thread:false,"
	"dss:disabled,retain:true,dirty_decay_ms:1000,muzzy_decay_ms:0,"
	"abort:false,abort_conf:false,stats_print:false";

/* The prototypes stand here as only renamed object code calls these. */
void *hc_je_os_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset);
int hc_je_os_munmap(void *p, size_t size);
int hc_je_os_open(const char *path, int flags, mode_t mode);
int hc_je_os_creat(const char *path, mode_t mode);
ssize_t hc_je_os_readlink(const char *path, char *buf, size_t size);
char *hc_je_os_secure_getenv(const char *name);
void *hc_je_os_sbrk(intptr_t step);
void *hc_je_os_dlsym(void *handle, const char *name);
int hc_je_os_atexit(void (*work)(void));
void hc_je_os_abort(void) __attribute__((noreturn));
int hc_je_os_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void));
int hc_je_os_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg);
int hc_je_os_pthread_join(pthread_t t, void **result);
int hc_je_os_pthread_key_create(pthread_key_t *key, void (*end)(void *));
double hc_je_os_exp(double x);
double hc_je_os_log(double x);
double hc_je_os_round(double x);
int hc_je_os__Unwind_Backtrace(void *step, void *arg);
uintptr_t hc_je_os__Unwind_GetIP(void *context);

void *hc_je_os_mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
	void *p;

	if (flags & MAP_FIXED) { /* (de)commit of pages that it already has */
		p = sys_mmap(at, size, prot, flags, fd, offset);
		return sys_is_error((long)p) ? MAP_FAILED : p;
	}
	p = private_region_map(size);
	if (!p) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	return p;
}

int hc_je_os_munmap(void *p, size_t size)
{
	private_region_unmap(p, size);
	return 0;
}

static int refuse(void)
{
	errno = ENOSYS;
	return -1;
}

int hc_je_os_open(const char *path, int flags, mode_t mode)
{
	(void)path, (void)flags, (void)mode;
	return refuse();
}

int hc_je_os_creat(const char *path, mode_t mode)
{
	(void)path, (void)mode;
	return refuse();
}

ssize_t hc_je_os_readlink(const char *path, char *buf, size_t size)
{
	(void)path, (void)buf, (void)size;
	return refuse();
}

char *hc_je_os_secure_getenv(const char *name)
{
	(void)name;
	return NULL;
}

void *hc_je_os_sbrk(intptr_t step)
{
	(void)step;
	errno = ENOMEM;
	return (void *)-1;
}

void *hc_je_os_dlsym(void *handle, const char *name)
{
	(void)handle, (void)name;
	return NULL;
}

int hc_je_os_atexit(void (*work)(void))
{
	(void)work;
	return 0;
}

/* It aborts only over its own broken memory, which nothing can mend. */
void hc_je_os_abort(void)
{
	for (;;) {
		(void)sys_tgkill(sys_getpid(), sys_gettid(), SIGABRT);
		(void)sys_tgkill(sys_getpid(), sys_gettid(), SIGKILL);
	}
}

/* rt/private.c holds its own lock across fork, so jemalloc's are free then. */
int hc_je_os_pthread_atfork(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
	(void)prepare, (void)parent, (void)child;
	return 0;
}

int hc_je_os_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*f)(void *), void *arg)
{
	(void)t, (void)a, (void)f, (void)arg;
	return EAGAIN;
}

int hc_je_os_pthread_join(pthread_t t, void **result)
{
	(void)t, (void)result;
	return ESRCH;
}

static void (*end_of_thread)(void *); /* set once, at jemalloc's boot */

static void run_end_of_thread(void *arg)
{
	private_thread_end(end_of_thread, arg);
}

int hc_je_os_pthread_key_create(pthread_key_t *key, void (*end)(void *))
{
	end_of_thread = end;
	return pthread_key_create(key, run_end_of_thread);
}

/* Of the heap profiler only, which is off. */
double hc_je_os_exp(double x)
{
	return x;
}
double hc_je_os_log(double x)
{
	return x;
}
double hc_je_os_round(double x)
{
	return x;
}

int hc_je_os__Unwind_Backtrace(void *step, void *arg)
{
	(void)step, (void)arg;
	return 1; /* a fatal error, in its terms */
}

uintptr_t hc_je_os__Unwind_GetIP(void *context)
{
	(void)context;
	return 0;
}
