/* SPDX-License-Identifier: MIT */
/*
 * Raw signal calls of x86-64 Linux.  Any context.
 */
#include "snap/signals.h"

#include <string.h>

#include "rt/format.h"
#include "rt/proc.h"
#include "rt/sys.h"
#include "rt/ban.h"

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
	char path[64], text[4096];
	const char *at;
	uint64_t mask;

	(void)format_text(path, sizeof(path), "/proc/%d/task/%d/status", pid, thread);
	if (proc_read(path, text, sizeof(text)) <= 0)
		return true;
	at = strstr(text, key);
	if (!at)
		return true;
	at += sizeof(key) - 1;
	mask = proc_parse_hex(&at);
	return *at != '\n' || mask & signal_bit(signal);
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
