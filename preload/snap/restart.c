/* SPDX-License-Identifier: MIT */
/*
 * Restarting by hand.  The kernel has put -EINTR into rax and gone behind the `syscall` instruction; where the bytes before it are
 * `mov $nr, %eax; syscall` (libc's inlined calls), going back over both makes the call again.
 *
 * Time: poll and epoll_wait do not say how much of their timeout is left.  Restarted once, a call may last up to twice its timeout;
 * from then on the time that passes is taken off.  The mark of a call that was restarted is its timeout, one millisecond short.
 * nanosleep & co. go on with what the kernel wrote to `rem`.  Registers are changed in libc's code only, where
 * nothing reads them after the call.
 *
 * In a signal handler: no locks, errno kept.
 */
#include "snap/restart.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <ucontext.h>

#include "rt/clock.h"
#include "rt/sys.h"
#include "snap/signals.h"
#include "rt/ban.h"

enum restart_how {
	RESTART_AS_IS = 1,
	RESTART_POLL,		/* milliseconds in rdx */
	RESTART_EPOLL,		/* milliseconds in r10 */
	RESTART_NANOSLEEP,	/* rdi request, rsi rest */
	RESTART_CLOCK_NANOSLEEP,	/* rsi flags, rdx request, r10 rest */
};

/*
 * Calls that return EINTR even with SA_RESTART (signal(7)), and those that do with a socket timeout, or when the program's own action for
 * the signal has no SA_RESTART.  Not here: connect and close, which must not be made twice.
 */
static const uint8_t restart_how[512] = {
	[SYS_poll] = RESTART_POLL,
	[SYS_epoll_wait] = RESTART_EPOLL,
	[SYS_epoll_pwait] = RESTART_EPOLL,
	[SYS_nanosleep] = RESTART_NANOSLEEP,
	[SYS_clock_nanosleep] = RESTART_CLOCK_NANOSLEEP,
	[SYS_ppoll] = RESTART_AS_IS,	/* the kernel counts its timeout down in place */
	[SYS_select] = RESTART_AS_IS,
	[SYS_pselect6] = RESTART_AS_IS,
#ifdef SYS_epoll_pwait2
	[SYS_epoll_pwait2] = RESTART_AS_IS,
#endif
	[SYS_pause] = RESTART_AS_IS,
	[SYS_rt_sigsuspend] = RESTART_AS_IS,
	[SYS_rt_sigtimedwait] = RESTART_AS_IS,
	[SYS_msgrcv] = RESTART_AS_IS,
	[SYS_msgsnd] = RESTART_AS_IS,
	[SYS_semop] = RESTART_AS_IS,
	[SYS_semtimedop] = RESTART_AS_IS,
	[SYS_io_getevents] = RESTART_AS_IS,
	[SYS_io_uring_enter] = RESTART_AS_IS,
	[SYS_futex] = RESTART_AS_IS,
	[SYS_read] = RESTART_AS_IS,
	[SYS_readv] = RESTART_AS_IS,
	[SYS_write] = RESTART_AS_IS,
	[SYS_writev] = RESTART_AS_IS,
	[SYS_recvfrom] = RESTART_AS_IS,
	[SYS_recvmsg] = RESTART_AS_IS,
	[SYS_sendto] = RESTART_AS_IS,
	[SYS_sendmsg] = RESTART_AS_IS,
	[SYS_accept] = RESTART_AS_IS,
	[SYS_accept4] = RESTART_AS_IS,
	[SYS_wait4] = RESTART_AS_IS,
	[SYS_waitid] = RESTART_AS_IS,
	[SYS_openat] = RESTART_AS_IS,
	[SYS_flock] = RESTART_AS_IS,
	[SYS_fcntl] = RESTART_AS_IS,
};

#define RESTART_CODE_LEN 7	/* b8 nr nr nr nr 0f 05 */

/* Written once by restart_init. */
static struct {
	uint64_t start, end;
} libc_code;

/* The call of this thread that was restarted last. */
static __thread struct {
	uint64_t pc, sp, timeout, ns;
} restarted __attribute__((tls_model("initial-exec")));

void restart_init(void)
{
	const void *const inside = dlsym(RTLD_DEFAULT, "epoll_wait");
	const ElfW(Ehdr) *head;
	const ElfW(Phdr) *program;
	Dl_info info;

	if (!inside || !dladdr(inside, &info) || !info.dli_fbase)
		return;
	head = info.dli_fbase;
	program = (const void *)((const char *)head + head->e_phoff);
	for (int i = 0; i < head->e_phnum; i++) {
		if (program[i].p_type != PT_LOAD || !(program[i].p_flags & PF_X))
			continue;
		libc_code.start = (uint64_t)head + program[i].p_vaddr;
		libc_code.end = libc_code.start + program[i].p_memsz;
	}
}

/* The number of the system call that ends at pc, or -1.  Code that crosses a page is read with care. */
static long restart_decode(uint64_t pc)
{
	uint8_t code[RESTART_CODE_LEN];
	const uint64_t start = pc - sizeof(code);
	uint32_t nr;

	if ((start ^ pc) >> 12) {
		const struct iovec local = {code, sizeof(code)};
		const struct iovec remote = {(void *)start, sizeof(code)};

		if (sys_process_vm_readv(sys_getpid(), &local, &remote) != sizeof(code))
			return -1;
	} else {
		memcpy(code, (const void *)start, sizeof(code));
	}
	if (code[0] != 0xb8 || code[5] != 0x0f || code[6] != 0x05)
		return -1;
	memcpy(&nr, code + 1, sizeof(nr));
	return nr < sizeof(restart_how) ? (long)nr : -1;
}

/* Takes off the time that has passed since we restarted this very call. */
static void restart_shorten(greg_t *regs, int reg)
{
	const int32_t asked = (int32_t)regs[reg];
	const uint64_t now = clock_monotonic_ns();
	int64_t left = asked;

	if (asked <= 1)
		return;		/* for ever, or not worth it */
	if (restarted.pc == (uint64_t)regs[REG_RIP] && restarted.sp == (uint64_t)regs[REG_RSP] &&
	    restarted.timeout == (uint64_t)asked)
		left -= (int64_t)((now - restarted.ns) / 1000000);
	else
		left--;
	if (left < 0)
		left = 0;
	regs[reg] = left;
	restarted.pc = (uint64_t)regs[REG_RIP];
	restarted.sp = (uint64_t)regs[REG_RSP];
	restarted.timeout = (uint64_t)left;
	restarted.ns = now;
}

static void restart_adjust(greg_t *regs, enum restart_how how)
{
	switch (how) {
	case RESTART_POLL:
		restart_shorten(regs, REG_RDX);
		break;
	case RESTART_EPOLL:
		restart_shorten(regs, REG_R10);
		break;
	case RESTART_NANOSLEEP:
		if (regs[REG_RSI])
			regs[REG_RDI] = regs[REG_RSI];
		break;
	case RESTART_CLOCK_NANOSLEEP:
		if (!(regs[REG_RSI] & TIMER_ABSTIME) && regs[REG_R10])
			regs[REG_RDX] = regs[REG_R10];
		break;
	case RESTART_AS_IS:
		break;
	}
}

bool restart_interrupted(void *context)
{
	ucontext_t *const uc = context;
	greg_t *const regs = uc->uc_mcontext.gregs;
	const uint64_t pc = (uint64_t)regs[REG_RIP];
	uint64_t mask;
	long nr;

	if (regs[REG_RAX] != -EINTR)
		return false;
	nr = restart_decode(pc);
	if (nr < 0 || !restart_how[nr])
		return false;
	/* Another signal waits to be delivered as soon as we return: the EINTR is its. */
	memcpy(&mask, &uc->uc_sigmask, sizeof(mask));
	if (signal_get_pending() & ~mask)
		return false;
	if (pc >= libc_code.start && pc < libc_code.end)
		restart_adjust(regs, restart_how[nr]);
	regs[REG_RIP] = (greg_t)(pc - RESTART_CODE_LEN);
	return true;
}
