/* SPDX-License-Identifier: MIT */
/*
 * Raw signal calls of x86-64 Linux.  Any context.
 */
#include "snap/signals.h"

#include <fcntl.h>
#include <string.h>

#include "rt/format.h"
#include "rt/sys.h"
#include "rt/ban.h"

#define MASK_DIGITS 16 /* of a set of signals in /proc */

#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif

/* What the handler returns to: rt_sigreturn, which finds the frame at the stack pointer.  The CFI
 * of libc's own is not repeated: unwinders know the instruction bytes. */
void signal_return(void);
__asm__(".text\n"
	".hidden signal_return\n"
	".globl signal_return\n"
	".type signal_return, @function\n"
	"	nop\n"
	"signal_return:\n"
	"	movq $15, %rax\n"
	"	syscall\n"
	".size signal_return, . - signal_return\n");

int signal_set_kernel(int signal, signal_handler_fn *handler, int flags, uint64_t mask)
{
	const struct signal_kernel_action action = {
		.action = handler,
		.flags = (uint64_t)(unsigned int)flags | SA_SIGINFO | SA_RESTORER,
		.restorer = signal_return,
		.mask = mask,
	};

	return (int)sys_call4(SYS_rt_sigaction, signal, (long)&action, 0, sizeof(uint64_t));
}

int signal_get_kernel(int signal, struct signal_kernel_action *action)
{
	return (int)sys_call4(SYS_rt_sigaction, signal, 0, (long)action, sizeof(uint64_t));
}

uint64_t signal_get_pending(void)
{
	uint64_t pending = 0;

	(void)sys_call3(SYS_rt_sigpending, (long)&pending, sizeof(pending), 0);
	return pending;
}

uint64_t signal_get_blocked(void)
{
	uint64_t mask = 0;

	(void)sys_sigprocmask(SIG_BLOCK, NULL, &mask);
	return mask;
}

bool signal_is_blocked_by(pid_t pid, pid_t thread, int signal)
{
	static const char key[] = "\nSigBlk:\t";
	char text[4096];
	const char *at = NULL;
	uint32_t digit;
	long len;
	int fd;

	(void)format_text(text, sizeof(text), "/proc/%d/task/%d/status", pid, thread);
	fd = sys_open(text, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return true;
	len = sys_read(fd, text, sizeof(text) - 1);
	(void)sys_close(fd);
	if (len > 0) {
		text[len] = '\0';
		at = strstr(text, key);
	}
	if (!at || strlen(at) < sizeof(key) - 1 + MASK_DIGITS)
		return true;
	digit = (uint32_t)at[sizeof(key) - 1 + MASK_DIGITS - 1 - (uint32_t)(signal - 1) / 4];
	digit = digit >= 'a' ? digit - 'a' + 10 : digit - '0';
	return digit >> (signal - 1) % 4 & 1;
}

uint64_t signal_block_all(void)
{
	const uint64_t all = SIGNAL_ALL;
	uint64_t old = 0;

	(void)sys_sigprocmask(SIG_SETMASK, &all, &old);
	return old;
}

void signal_restore(uint64_t mask)
{
	(void)sys_sigprocmask(SIG_SETMASK, &mask, NULL);
}
