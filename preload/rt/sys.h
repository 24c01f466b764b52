/* SPDX-License-Identifier: MIT */
/*
 * Raw system calls: each returns what the kernel returns (-errno on failure) and leaves errno
 * alone, so they may be used inside the allocator, in a signal handler and in the snapshot child.
 * x86-64 only.  clone and vfork are not here: they cannot be plain functions.
 */
#ifndef RT_SYS_H
#define RT_SYS_H

#include <fcntl.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>

static inline long sys_call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long sys_call3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long sys_call4(long nr, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return ret;
}

/* True for the -errno range of a raw return value, also of mmap's. */
static inline bool sys_is_error(long ret)
{
	return (unsigned long)ret >= (unsigned long)-4095L;
}

static inline int sys_openat(int dir, const char *path, int flags, mode_t mode)
{
	return (int)sys_call4(SYS_openat, dir, (long)path, flags, mode);
}

static inline int sys_open(const char *path, int flags, mode_t mode)
{
	return sys_openat(AT_FDCWD, path, flags, mode);
}

static inline long sys_read(int fd, void *buf, size_t len)
{
	return sys_call3(SYS_read, fd, (long)buf, (long)len);
}

static inline long sys_pread(int fd, void *buf, size_t len, uint64_t offset)
{
	return sys_call4(SYS_pread64, fd, (long)buf, (long)len, (long)offset);
}

static inline long sys_write(int fd, const void *buf, size_t len)
{
	return sys_call3(SYS_write, fd, (long)buf, (long)len);
}

static inline long sys_pwrite(int fd, const void *buf, size_t len, uint64_t offset)
{
	return sys_call4(SYS_pwrite64, fd, (long)buf, (long)len, (long)offset);
}

static inline int sys_close(int fd) { return (int)sys_call3(SYS_close, fd, 0, 0); }

static inline int sys_close_range(unsigned int first, unsigned int last, unsigned int flags)
{
	return (int)sys_call3(SYS_close_range, first, last, flags);
}

static inline int sys_fsync(int fd) { return (int)sys_call3(SYS_fsync, fd, 0, 0); }

static inline int sys_sync_file_range(int fd, uint64_t offset, uint64_t len, unsigned int flags)
{
	return (int)sys_call4(SYS_sync_file_range, fd, (long)offset, (long)len, flags);
}

static inline int sys_dup2(int from, int to) { return (int)sys_call3(SYS_dup2, from, to, 0); }

static inline int sys_ftruncate(int fd, uint64_t len)
{
	return (int)sys_call3(SYS_ftruncate, fd, (long)len, 0);
}

/* renameat2 with paths as rename's. */
static inline int sys_rename(const char *from, const char *to, unsigned int flags)
{
	return (int)sys_call6(SYS_renameat2, AT_FDCWD, (long)from, AT_FDCWD, (long)to, flags, 0);
}

static inline int sys_link(const char *from, const char *to)
{
	return (int)sys_call3(SYS_link, (long)from, (long)to, 0);
}

static inline int sys_unlink(const char *path)
{
	return (int)sys_call3(SYS_unlink, (long)path, 0, 0);
}

static inline int sys_access(const char *path, int mode)
{
	return (int)sys_call4(SYS_faccessat, AT_FDCWD, (long)path, mode, 0);
}

static inline long sys_readlink(const char *path, char *buf, size_t len)
{
	return sys_call3(SYS_readlink, (long)path, (long)buf, (long)len);
}

static inline long sys_getcwd(char *buf, size_t len)
{
	return sys_call3(SYS_getcwd, (long)buf, (long)len, 0);
}

static inline long sys_getdents64(int fd, void *buf, size_t len)
{
	return sys_call3(SYS_getdents64, fd, (long)buf, (long)len);
}

/* The address, or an error that sys_is_error((long)p) tells. */
static inline void *sys_mmap(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	return (void *)sys_call6(SYS_mmap, (long)at, (long)len, prot, flags, fd, offset);
}

static inline int sys_munmap(void *at, size_t len)
{
	return (int)sys_call3(SYS_munmap, (long)at, (long)len, 0);
}

static inline void *sys_mremap(void *at, size_t old_len, size_t new_len, int flags, void *to)
{
	return (void *)sys_call6(SYS_mremap, (long)at, (long)old_len, (long)new_len, flags,
				 (long)to, 0);
}

static inline int sys_mprotect(void *at, size_t len, int prot)
{
	return (int)sys_call3(SYS_mprotect, (long)at, (long)len, prot);
}

static inline int sys_madvise(void *at, size_t len, int advice)
{
	return (int)sys_call3(SYS_madvise, (long)at, (long)len, advice);
}

static inline int sys_mincore(void *at, size_t len, unsigned char *vec)
{
	return (int)sys_call3(SYS_mincore, (long)at, (long)len, (long)vec);
}

static inline long sys_process_vm_readv(pid_t pid, const struct iovec *local,
					const struct iovec *remote)
{
	return sys_call6(SYS_process_vm_readv, pid, (long)local, 1, (long)remote, 1, 0);
}

static inline pid_t sys_getpid(void) { return (pid_t)sys_call3(SYS_getpid, 0, 0, 0); }
static inline pid_t sys_getppid(void) { return (pid_t)sys_call3(SYS_getppid, 0, 0, 0); }
static inline pid_t sys_gettid(void) { return (pid_t)sys_call3(SYS_gettid, 0, 0, 0); }

static inline int sys_tgkill(pid_t pid, pid_t tid, int sig)
{
	return (int)sys_call3(SYS_tgkill, pid, tid, sig);
}

static inline int sys_kill(pid_t pid, int sig) { return (int)sys_call3(SYS_kill, pid, sig, 0); }

static inline pid_t sys_wait4(pid_t pid, int *status, int options)
{
	return (pid_t)sys_call4(SYS_wait4, pid, (long)status, options, 0);
}

static inline int sys_futex_wait(uint32_t *word, uint32_t value, const struct timespec *timeout)
{
	return (int)sys_call4(SYS_futex, (long)word, FUTEX_WAIT_PRIVATE, value, (long)timeout);
}

static inline int sys_futex_wake(uint32_t *word, int nr)
{
	return (int)sys_call3(SYS_futex, (long)word, FUTEX_WAKE_PRIVATE, nr);
}

static inline int sys_membarrier(int cmd)
{
	return (int)sys_call3(SYS_membarrier, cmd, 0, 0);
}

static inline void sys_sched_yield(void) { (void)sys_call3(SYS_sched_yield, 0, 0, 0); }

static inline int sys_setpriority(int which, int who, int value)
{
	return (int)sys_call3(SYS_setpriority, which, who, value);
}

static inline int sys_nanosleep(uint64_t ns)
{
	const struct timespec t = { .tv_sec = (time_t)(ns / 1000000000),
				    .tv_nsec = (long)(ns % 1000000000) };

	return (int)sys_call3(SYS_nanosleep, (long)&t, 0, 0);
}

static inline int sys_clock_gettime(clockid_t clock, struct timespec *t)
{
	return (int)sys_call3(SYS_clock_gettime, clock, (long)t, 0);
}

/* set and old are the kernel's 64-bit masks. */
static inline int sys_sigprocmask(int how, const uint64_t *set, uint64_t *old)
{
	return (int)sys_call4(SYS_rt_sigprocmask, how, (long)set, (long)old, sizeof(uint64_t));
}

static inline uint64_t sys_thread_pointer(void)
{
	uint64_t fs;

	__asm__("movq %%fs:0, %0" : "=r"(fs));
	return fs;
}

__attribute__((noreturn)) static inline void sys_exit_group(int status)
{
	for (;;)
		(void)sys_call3(SYS_exit_group, status, 0, 0);
}

#endif
