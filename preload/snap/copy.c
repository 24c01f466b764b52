/* SPDX-License-Identifier: MIT */
/*
 * A copy with a fix-up, as kernels do it: the one instruction that touches the program's memory is
 * known by address, and the fault handler lets it end early.  The snapshot child only: it owns its
 * signal table.
 */
#include "snap/copy.h"

#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "rt/sys.h"
#include "snap/signals.h"
#include "rt/ban.h"

/* Returns how many bytes were not copied.  rep movsb leaves that number in rcx wherever it stops;
 * it starts slowly, so what is small goes by words, up to the first that faults. */
uint64_t copy_bytes(void *dst, uint64_t addr, uint64_t len);
extern const char copy_bytes_word[], copy_bytes_move[], copy_bytes_end[];

/* One word, which rep movsb takes ten times as long for.  False where it was not copied. */
bool copy_one_word(uint64_t *dst, uint64_t addr);
extern const char copy_one_word_move[], copy_one_word_fault[];

__asm__(".text\n"
	".hidden copy_bytes\n"
	".hidden copy_bytes_word\n"
	".hidden copy_bytes_move\n"
	".hidden copy_bytes_end\n"
	".globl copy_bytes, copy_bytes_word, copy_bytes_move, copy_bytes_end\n"
	".type copy_bytes, @function\n"
	"copy_bytes:\n"
	"	movq %rdx, %rcx\n"
	"	cmpq $256, %rcx\n"
	"	ja copy_bytes_move\n"
	"1:	cmpq $8, %rcx\n"
	"	jb copy_bytes_move\n"
	"copy_bytes_word:\n"
	"	movq (%rsi), %rax\n"
	"	movq %rax, (%rdi)\n"
	"	addq $8, %rsi\n"
	"	addq $8, %rdi\n"
	"	subq $8, %rcx\n"
	"	jnz 1b\n"
	"	jmp copy_bytes_end\n"
	"copy_bytes_move:\n"
	"	rep movsb\n"
	"copy_bytes_end:\n"
	"	movq %rcx, %rax\n"
	"	ret\n"
	".size copy_bytes, . - copy_bytes\n"
	".hidden copy_one_word\n"
	".hidden copy_one_word_move\n"
	".hidden copy_one_word_fault\n"
	".globl copy_one_word, copy_one_word_move, copy_one_word_fault\n"
	".type copy_one_word, @function\n"
	"copy_one_word:\n"
	"copy_one_word_move:\n"
	"	movq (%rsi), %rax\n"
	"	movq %rax, (%rdi)\n"
	"	movl $1, %eax\n"
	"	ret\n"
	"copy_one_word_fault:\n"
	"	xorl %eax, %eax\n"
	"	ret\n"
	".size copy_one_word, . - copy_one_word\n");

/* Written by copy_init in the child, which has one thread. */
static copy_crash_fn *copy_crash;

static void copy_fault(int sig, siginfo_t *info, void *context)
{
	greg_t *const regs = ((ucontext_t *)context)->uc_mcontext.gregs;

	if (regs[REG_RIP] == (greg_t)copy_bytes_word) {
		regs[REG_RIP] = (greg_t)copy_bytes_move;
		return;
	}
	if (regs[REG_RIP] == (greg_t)copy_bytes_move) {
		regs[REG_RIP] = (greg_t)copy_bytes_end;
		return;
	}
	if (regs[REG_RIP] == (greg_t)copy_one_word_move) {
		regs[REG_RIP] = (greg_t)copy_one_word_fault;
		return;
	}
	copy_crash(sig, (uint64_t)regs[REG_RIP], (uint64_t)info->si_addr);
}

void copy_init(copy_crash_fn *crash)
{
	const uint64_t faults = signal_bit(SIGSEGV) | signal_bit(SIGBUS);

	copy_crash = crash;
	signal_set_kernel(SIGSEGV, copy_fault, SA_NODEFER, 0);
	signal_set_kernel(SIGBUS, copy_fault, SA_NODEFER, 0);
	(void)sys_sigprocmask(SIG_UNBLOCK, &faults, NULL);
}

bool copy_word(uint64_t *word, uint64_t addr)
{
	if (copy_one_word(word, addr))
		return true;
	*word = 0;
	return false;
}

bool copy_memory(void *dst, uint64_t addr, size_t len)
{
	const uint64_t missing = copy_bytes(dst, addr, len);

	if (!missing)
		return true;
	memset((char *)dst + len - missing, 0, missing);
	return false;
}
