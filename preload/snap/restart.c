/* SPDX-License-Identifier: MIT */
/*
 * Restarting by hand.  The kernel has put -EINTR into rax and gone behind the `syscall`
 * instruction; going back over it with the call's number in rax makes the call again.  The number
 * is found in the code before it: `mov $nr, %eax`, with other moves in between in libc.
 *
 * Time: none of these calls but nanosleep & co. says how much of its timeout is left.  Restarted
 * once, a call may last up to twice its timeout; from then on the time that passes is taken off.  A
 * call that was restarted is known by its timeout: one millisecond short, or a pointer to our own
 * copy, or by one where the kernel wants none.  (The timeouts of sockets begin anew each time,
 * except for recv and accept.)  Registers are changed in libc's code only, where nothing reads them
 * after the call.
 *
 * In a signal handler: no locks, errno kept.
 */
#include "snap/restart.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <ucontext.h>

#include "rt/clock.h"
#include "rt/sys.h"
#include "snap/rest.h"
#include "snap/signals.h"
#include "rt/ban.h"

enum restart_how {
	RESTART_AS_IS = 1,
	RESTART_POLL,		 /* milliseconds in rdx */
	RESTART_EPOLL,		 /* milliseconds in r10 */
	RESTART_NANOSLEEP,	 /* rdi request, rsi rest */
	RESTART_CLOCK_NANOSLEEP, /* rsi flags, rdx request, r10 rest */
	RESTART_RDX_TIMESPEC,	 /* a relative time that the kernel does not count down */
	RESTART_R10_TIMESPEC,
	RESTART_R8_TIMESPEC,
	RESTART_FUTEX,	  /* rsi operation, r10 its time */
	RESTART_RECVFROM, /* r8 where the address goes, r9 its length; the socket may have a timeout
			   */
	RESTART_ACCEPT,	  /* rsi, rdx likewise */
};

/*
 * Calls that return EINTR even with SA_RESTART (signal(7)), and those that do with a socket
 * timeout, or when the program's own action for the signal has no SA_RESTART.  Not here: connect
 * and close, which must not be made twice.
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
	[SYS_epoll_pwait2] = RESTART_R10_TIMESPEC,
#endif
	[SYS_pause] = RESTART_AS_IS,
	[SYS_rt_sigsuspend] = RESTART_AS_IS,
	[SYS_rt_sigtimedwait] = RESTART_RDX_TIMESPEC,
	[SYS_msgrcv] = RESTART_AS_IS,
	[SYS_msgsnd] = RESTART_AS_IS,
	[SYS_semop] = RESTART_AS_IS,
	[SYS_semtimedop] = RESTART_R10_TIMESPEC,
	[SYS_io_getevents] = RESTART_R8_TIMESPEC,
	[SYS_io_uring_enter] = RESTART_AS_IS,
	[SYS_futex] = RESTART_FUTEX,
	[SYS_read] = RESTART_AS_IS,
	[SYS_readv] = RESTART_AS_IS,
	[SYS_write] = RESTART_AS_IS,
	[SYS_writev] = RESTART_AS_IS,
	[SYS_recvfrom] = RESTART_RECVFROM,
	[SYS_recvmsg] = RESTART_AS_IS,
	[SYS_sendto] = RESTART_AS_IS,
	[SYS_sendmsg] = RESTART_AS_IS,
	[SYS_accept] = RESTART_ACCEPT,
	[SYS_accept4] = RESTART_ACCEPT,
	[SYS_wait4] = RESTART_AS_IS,
	[SYS_waitid] = RESTART_AS_IS,
	[SYS_openat] = RESTART_AS_IS,
	[SYS_flock] = RESTART_AS_IS,
	[SYS_fcntl] = RESTART_AS_IS,
};

#define RESTART_MOV 0xb8		/* mov $imm32, %eax */
#define RESTART_MOV_LEN 5
#define RESTART_SYSCALL_LEN 2
#define RESTART_LOOK_BACK   40 /* bytes of libc's code between the number and the call, at most */

#define RESTART_LATE_MS \
	20 /* a call that we restarted is over by then: the same timeout later is another call's \
	    */

#define RESTART_PENDING_STEPS 20
#define RESTART_PENDING_NS 100000

/* Written once by restart_init. */
static struct {
	uint64_t start, end;
} libc_code;

/* The call of this thread that was restarted last. */
static __thread struct {
	uint64_t pc, sp, timeout, ns;
	struct timespec left;
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

static bool is_libc(uint64_t pc) { return pc >= libc_code.start && pc < libc_code.end; }

/* Bytes of code that end at pc; with care where they cross a page. */
static bool read_code(uint64_t pc, uint8_t *code, size_t len)
{
	const struct iovec local = {code, len}, remote = {(void *)(pc - len), len};

	if ((pc - len) >> 12 == (pc - 1) >> 12) {
		memcpy(code, remote.iov_base, len);
		return true;
	}
	return sys_process_vm_readv(sys_getpid(), &local, &remote) == (long)len;
}

/* mov's number at code, or -1 where that is none that we restart. */
static long decode_mov(const uint8_t *code)
{
	uint32_t nr;

	memcpy(&nr, code + 1, sizeof(nr));
	return code[0] == RESTART_MOV && nr < sizeof(restart_how) && restart_how[nr] ? (long)nr
										     : -1;
}

/* The number of the system call that ends at pc, if it is one to restart; else -1. */
static long restart_decode(uint64_t pc)
{
	uint8_t code[RESTART_LOOK_BACK];
	const size_t len = is_libc(pc) ? sizeof(code) : RESTART_MOV_LEN + RESTART_SYSCALL_LEN;
	const uint8_t *const call = code + len - RESTART_SYSCALL_LEN;
	long nr = -1;

	if (!read_code(pc, code, len) || call[0] != 0x0f || call[1] != 0x05)
		return -1;
	if (call[-2] == 0x31 && call[-1] == 0xc0)
		return 0;	/* xor %eax, %eax: read */
	for (const uint8_t *at = call - RESTART_MOV_LEN; nr < 0 && at >= code; at--)
		nr = decode_mov(at);
	return nr;
}

/* Takes off the time that has passed since we restarted this very call. */
static void restart_shorten(greg_t *regs, int reg)
{
	const int32_t asked = (int32_t)regs[reg];
	const uint64_t now = clock_monotonic_ns();
	const int64_t passed = (int64_t)((now - restarted.ns) / 1000000);
	int64_t left = asked;

	if (asked <= 1)
		return;		/* for ever, or not worth it */
	if (restarted.pc == (uint64_t)regs[REG_RIP] && restarted.sp == (uint64_t)regs[REG_RSP] &&
	    restarted.timeout == (uint64_t)asked && passed <= asked + RESTART_LATE_MS)
		left -= passed;
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

/* The same for a time in memory: it is replaced by our copy, which may be shorter. */
static void restart_shorten_timespec(greg_t *regs, int reg)
{
	const uint64_t now = clock_monotonic_ns();
	int64_t left;

	if (!regs[reg])
		return;		/* for ever */
	if (regs[reg] != (greg_t)&restarted.left) {
		memcpy(&restarted.left, (const void *)regs[reg], sizeof(restarted.left));
		regs[reg] = (greg_t)&restarted.left;
		restarted.ns = now;
		return;
	}
	left = restarted.left.tv_sec * 1000000000 + restarted.left.tv_nsec -
	       (int64_t)(now - restarted.ns);
	if (left < 0)
		left = 0;
	restarted.left.tv_sec = left / 1000000000;
	restarted.left.tv_nsec = left % 1000000000;
	restarted.ns = now;
}

/* The kernel has written the rest, if it was told where to. */
static void restart_continue_sleep(greg_t *regs, int request, int rest)
{
	if (!regs[rest]) {
		memcpy(&restarted.left, (const void *)regs[request], sizeof(restarted.left));
		regs[rest] = (greg_t)&restarted.left;
	}
	regs[request] = regs[rest];
}

static int64_t socket_timeout_ns(int fd)
{
	struct timeval t = {0};
	socklen_t len = sizeof(t);

	if (sys_call6(SYS_getsockopt, fd, SOL_SOCKET, SO_RCVTIMEO, (long)&t, (long)&len, 0) != 0)
		return 0;
	return t.tv_sec * 1000000000 + t.tv_usec * 1000;
}

/* Where no address is wanted, nobody reads its length: it marks the call.  False where the socket's
 * timeout is over. */
static bool restart_socket(greg_t *regs, int address, int length)
{
	const uint64_t now = clock_monotonic_ns();
	const int64_t timeout = regs[address] ? 0 : socket_timeout_ns((int)regs[REG_RDI]);

	if (!timeout)
		return true;
	if (regs[length] != (greg_t)&restarted.left) {
		regs[length] = (greg_t)&restarted.left;
		restarted.ns = now;
		return true;
	}
	return (int64_t)(now - restarted.ns) < timeout;
}

/* False where the call shall not be made again: its time is over. */
static bool restart_adjust(greg_t *regs, enum restart_how how)
{
	switch (how) {
	case RESTART_RECVFROM:
		return restart_socket(regs, REG_R8, REG_R9);
	case RESTART_ACCEPT:
		return restart_socket(regs, REG_RSI, REG_RDX);
	case RESTART_POLL:
		restart_shorten(regs, REG_RDX);
		break;
	case RESTART_EPOLL:
		restart_shorten(regs, REG_R10);
		break;
	case RESTART_NANOSLEEP:
		restart_continue_sleep(regs, REG_RDI, REG_RSI);
		break;
	case RESTART_CLOCK_NANOSLEEP:
		if (!(regs[REG_RSI] & TIMER_ABSTIME))
			restart_continue_sleep(regs, REG_RDX, REG_R10);
		break;
	case RESTART_RDX_TIMESPEC:
		restart_shorten_timespec(regs, REG_RDX);
		break;
	case RESTART_R10_TIMESPEC:
		restart_shorten_timespec(regs, REG_R10);
		break;
	case RESTART_R8_TIMESPEC:
		restart_shorten_timespec(regs, REG_R8);
		break;
	case RESTART_FUTEX:
		if ((regs[REG_RSI] & FUTEX_CMD_MASK) == FUTEX_WAIT)
			restart_shorten_timespec(regs, REG_R10);
		break;
	case RESTART_AS_IS:
		break;
	}
	return true;
}

/* Signals that will run a handler in this thread or this process as soon as they may; its flags
 * have none of `without`. */
static uint64_t find_handled(uint64_t pending, uint64_t without)
{
	struct signal_kernel_action action;
	uint64_t handled = 0;

	for (int sig = 1; sig <= 64; sig++) {
		if (!(pending & signal_bit(sig)) || signal_get_kernel(sig, &action) != 0)
			continue;
		if (action.handler != SIG_DFL && action.handler != SIG_IGN &&
		    !(action.flags & without))
			handled |= signal_bit(sig);
	}
	return handled;
}

/* Does another signal wait to be delivered here as soon as we return?  One that waits for the
 * process may go to another thread. */
static bool is_interrupted_anyway(uint64_t ignore, uint64_t without)
{
	for (int i = 0; i < RESTART_PENDING_STEPS; i++) {
		const uint64_t pending = signal_get_pending() & ~ignore;

		if (!pending || !find_handled(pending, without))
			return false;
		(void)sys_nanosleep(RESTART_PENDING_NS);
	}
	return true;
}

/* Before a call that the kernel will make again, as our action has SA_RESTART: it leaves in rcx
 * where a call comes back to. */
static bool is_before_restart(const greg_t *regs)
{
	const uint64_t nr = (uint64_t)regs[REG_RAX],
		       after = (uint64_t)regs[REG_RIP] + RESTART_SYSCALL_LEN;
	uint8_t code[RESTART_SYSCALL_LEN];

	return (uint64_t)regs[REG_RCX] == after && nr < sizeof(restart_how) && restart_how[nr] &&
	       read_code(after, code, sizeof(code)) && code[0] == 0x0f && code[1] == 0x05;
}

/* A handler that asks for no restart has been waiting for ours: it would have ended the call. */
static bool restart_give_up(greg_t *regs, uint64_t ignore)
{
	if (!is_interrupted_anyway(ignore, SA_RESTART))
		return false;
	regs[REG_RIP] += RESTART_SYSCALL_LEN;
	regs[REG_RAX] = -EINTR;
	return true;
}

/* Behind an interrupted call: makes it again. */
static bool restart_again(greg_t *regs, uint64_t pc, long nr)
{
	if (is_libc(pc) && !restart_adjust(regs, restart_how[nr])) {
		regs[REG_RAX] = -EAGAIN;
		return true;
	}
	regs[REG_RIP] = (greg_t)(pc - RESTART_SYSCALL_LEN);
	regs[REG_RAX] = nr;
	return true;
}

bool restart_interrupted(void *context, uint64_t ignore)
{
	ucontext_t *const uc = context;
	greg_t *const regs = uc->uc_mcontext.gregs;
	const uint64_t pc = (uint64_t)regs[REG_RIP];
	const bool is_rest = rest_is_written(uc), is_short = regs[REG_RAX] > 0 && is_libc(pc);
	uint64_t mask;
	long nr = 0;

	memcpy(&mask, &uc->uc_sigmask, sizeof(mask));
	if (is_before_restart(regs))
		return restart_give_up(regs, mask | ignore);
	if (!is_rest && !is_short && regs[REG_RAX] != -EINTR)
		return false;
	if (!is_rest)
		nr = restart_decode(pc);
	if (nr < 0 || is_interrupted_anyway(mask | ignore, 0))
		return false;
	if (is_rest)
		return rest_continue(uc);
	return is_short ? rest_begin(uc, nr) : restart_again(regs, pc, nr);
}
