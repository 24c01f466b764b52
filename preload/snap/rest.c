/* SPDX-License-Identifier: MIT */
/*
 * The thread goes on in rest_write, below, on its own stack and with its own signal mask: handlers
 * of the program's cut the write short as they would have, leave it by longjmp, or cancel it.  A
 * struct rest lies at its stack pointer, under the red zone of the function that made the call;
 * handlers of ours alone change it.
 *
 * In a signal handler: no locks, errno kept.
 */
#include "snap/rest.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "rt/sys.h"
#include "rt/ban.h"

#define REST_NR_PARTS	16
#define REST_MAX	0x7ffff000ul	/* no call writes more */
#define REST_SIZE	512		/* of struct rest and the red zone above it */
#define REST_RED_ZONE	128
#define REST_FLAGS	(MSG_NOSIGNAL | MSG_MORE | MSG_DONTROUTE)

struct rest {
	uint64_t pc, rsi, rdx;	/* rest_write goes back with these */
	uint64_t done; /* bytes that have been written; the sum is what it goes back with, too */
	long nr;		/* of the call that writes the parts */
	uint64_t nr_parts;
	struct msghdr message;	/* of the parts, where it is a socket */
	struct iovec parts[REST_NR_PARTS];
};

_Static_assert(offsetof(struct rest, pc) == 0 && offsetof(struct rest, rsi) == 8 &&
		       offsetof(struct rest, rdx) == 16 && offsetof(struct rest, done) == 24,
	       "rest_write reads these");
_Static_assert(sizeof(struct rest) + REST_RED_ZONE <= REST_SIZE,
	       "what rest_write takes off the stack");

/* Where the call is made, and what it comes back to. */
extern const char rest_write[], rest_written[];

__asm__(".text\n"
	".hidden rest_write\n"
	".hidden rest_written\n"
	".globl rest_write, rest_written\n"
	".cfi_startproc\n"
	".cfi_signal_frame\n"
	".cfi_def_cfa %rsp, 512\n"
	".cfi_offset %rip, -512\n"
	"	nop\n"
	".type rest_write, @function\n"
	"rest_write:\n"
	"	syscall\n"
	"rest_written:\n"
	"	testq %rax, %rax\n"
	"	jns 1f\n"
	"	xorl %eax, %eax\n"
	"1:	addq 24(%rsp), %rax\n"
	"	movq 8(%rsp), %rsi\n"
	"	movq 16(%rsp), %rdx\n"
	"	movq (%rsp), %rcx\n"
	".cfi_register %rip, %rcx\n"
	"	leaq 512(%rsp), %rsp\n"
	".cfi_def_cfa_offset 0\n"
	"	jmp *%rcx\n"
	".cfi_endproc\n"
	".size rest_write, . - rest_write\n");

/* What the call was asked to write, and how. */
struct request {
	const struct iovec *parts;
	uint64_t nr_parts;
	struct iovec whole;	/* the one part of a call that has no list */
	int flags;
};

static bool read_request(struct request *q, const greg_t *regs, long nr)
{
	const struct msghdr *const message = (const void *)regs[REG_RSI];

	*q = (struct request){
		.parts = &q->whole,
		.nr_parts = 1,
		.whole = {(void *)regs[REG_RSI], (size_t)regs[REG_RDX]},
	};
	switch (nr) {
	case SYS_write:
		return true;
	case SYS_sendto:
		q->flags = (int)regs[REG_R10];
		return true;
	case SYS_writev:
		q->parts = (const void *)regs[REG_RSI];
		q->nr_parts = (uint64_t)regs[REG_RDX];
		return true;
	case SYS_sendmsg:
		q->parts = message->msg_iov;
		q->nr_parts = message->msg_iovlen;
		q->flags = (int)regs[REG_RDX];
		return true;
	default:
		return false;
	}
}

/* Takes off what has been written.  Parts may be one with r->parts.  False where nothing is left,
 * or more parts than there is room for. */
static bool set_parts(struct rest *r, const struct iovec *parts, uint64_t nr, uint64_t written)
{
	uint64_t total = 0;

	r->nr_parts = 0;
	for (uint64_t i = 0; i < nr && total < REST_MAX - r->done; i++) {
		const uint64_t skip = written < parts[i].iov_len ? written : parts[i].iov_len;
		uint64_t len = parts[i].iov_len - skip;

		written -= skip;
		if (!len)
			continue;
		if (r->nr_parts == REST_NR_PARTS)
			return false;
		if (len > REST_MAX - r->done - total)
			len = REST_MAX - r->done - total;
		total += len;
		r->parts[r->nr_parts++] = (struct iovec){(char *)parts[i].iov_base + skip, len};
	}
	return total > 0;
}

static bool has_send_timeout(int fd)
{
	struct timeval t = {0};
	socklen_t len = sizeof(t);

	return sys_call6(SYS_getsockopt, fd, SOL_SOCKET, SO_SNDTIMEO, (long)&t, (long)&len, 0) !=
		       0 ||
	       t.tv_sec || t.tv_usec;
}

/* A pipe, a terminal, a socket for as long as it takes: what a signal cuts short, but a call that
 * would have waited.  Gives the call for the rest, or 0. */
static long find_call(int fd, int flags)
{
	struct stat stat;
	const long state = sys_call3(SYS_fcntl, fd, F_GETFL, 0);

	if (state < 0 || state & O_NONBLOCK || flags & ~REST_FLAGS ||
	    sys_call3(SYS_fstat, fd, (long)&stat, 0) != 0)
		return 0;
	if (S_ISFIFO(stat.st_mode) || S_ISCHR(stat.st_mode))
		return SYS_writev;
	return S_ISSOCK(stat.st_mode) && !has_send_timeout(fd) ? SYS_sendmsg : 0;
}

/* Registers for the call at rest_write. */
static void set_registers(greg_t *regs, struct rest *r, int flags)
{
	regs[REG_RIP] = (greg_t)rest_write;
	regs[REG_RAX] = r->nr;
	if (r->nr == SYS_writev) {
		regs[REG_RSI] = (greg_t)r->parts;
		regs[REG_RDX] = (greg_t)r->nr_parts;
		return;
	}
	r->message = (struct msghdr){.msg_iov = r->parts, .msg_iovlen = r->nr_parts};
	regs[REG_RSI] = (greg_t)&r->message;
	/* What has been written would have been told instead of a SIGPIPE. */
	regs[REG_RDX] = flags | MSG_NOSIGNAL;
}

bool rest_begin(ucontext_t *context, long nr)
{
	greg_t *const regs = context->uc_mcontext.gregs;
	struct rest *const r = (struct rest *)(regs[REG_RSP] - REST_SIZE);
	const uint64_t written = (uint64_t)regs[REG_RAX];
	struct request q;
	long call;

	/* The kernel leaves in rcx where it goes back to: we do not stand here for another reason.
	 */
	if (regs[REG_RCX] != regs[REG_RIP] || !read_request(&q, regs, nr))
		return false;
	call = find_call((int)regs[REG_RDI], q.flags);
	if (!call)
		return false;
	r->done = written;
	if (!set_parts(r, q.parts, q.nr_parts, written))
		return false;
	r->nr = call;
	r->pc = (uint64_t)regs[REG_RIP];
	r->rsi = (uint64_t)regs[REG_RSI];
	r->rdx = (uint64_t)regs[REG_RDX];
	regs[REG_RSP] = (greg_t)r;
	set_registers(regs, r, q.flags);
	return true;
}

bool rest_is_written(const ucontext_t *context)
{
	return context->uc_mcontext.gregs[REG_RIP] == (greg_t)rest_written;
}

bool rest_continue(ucontext_t *context)
{
	greg_t *const regs = context->uc_mcontext.gregs;
	struct rest *const r = (struct rest *)regs[REG_RSP];
	const greg_t result = regs[REG_RAX];

	if (result < 0 && result != -EINTR)
		return false;
	if (result > 0) {
		r->done += (uint64_t)result;
		regs[REG_RAX] = 0;
		if (!set_parts(r, r->parts, r->nr_parts, (uint64_t)result))
			return false;
	}
	set_registers(regs, r, (int)regs[REG_RDX]);
	return true;
}
