/* SPDX-License-Identifier: MIT */
/*
 * Code as it follows a call of malloc, for test_flow.c: each place begins with the block's address in
 * rax, and its name says whether the function returns it.
 */
	.text

	.macro place name
	.globl \name
	.type \name, @function
	.p2align 4
\name:
	.endm

/* ---- what is called ---- */

	.macro local name
	.p2align 4
\name:
	.endm

	local identity
	mov	%rdi, %rax
	ret

	local second
	push	%rbp
	mov	%rsp, %rbp
	mov	%rdi, -8(%rbp)
	mov	%rsi, -16(%rbp)
	mov	-16(%rbp), %rax
	pop	%rbp
	ret

	local nothing
	xor	%eax, %eax
	ret

	local endless
	call	endless
	ret

/* ---- where it goes on ---- */

	place returned_at_once
	ret

	place returned_from_another_register
	mov	%rax, %rbx
	mov	$3, %eax
	mov	%rbx, %rax
	pop	%rbx
	ret

	place lost_written_over
	xor	%eax, %eax
	ret

	place lost_half
	mov	%eax, %ebx
	mov	%rbx, %rax
	ret

	place lost_added
	lea	8(%rax), %rax
	ret

	place returned_where_not_null
	test	%rax, %rax
	jne	1f
	xor	%eax, %eax
	ret
1:	ret

	place returned_where_checked
	cmp	$0, %rax
	je	1f
	mov	%rdx, 8(%rax)
	ret
1:	ud2

	place returned_from_memory
	mov	%rax, -24(%rbp)
	cmpq	$0, -24(%rbp)
	jne	1f
	ud2
1:	mov	-24(%rbp), %rax
	leave
	ret

	place lost_other_memory
	mov	%rax, -24(%rbp)
	mov	-32(%rbp), %rax
	ret

	place lost_stack_moved
	mov	%rax, 8(%rsp)
	sub	$16, %rsp
	mov	8(%rsp), %rax
	ret

	place lost_in_a_call
	call	nothing
	ret

	place returned_kept_over_a_call
	mov	%rax, %r12
	mov	%rax, %rdi
	call	nothing
	mov	%r12, %rax
	ret

	place returned_handed_back
	mov	%rax, %rdi
	call	identity
	ret

	place returned_second_handed_back
	mov	%rax, %rsi
	xor	%edi, %edi
	call	second
	ret

	place lost_handed_on
	mov	%rax, %rdi
	mov	%rax, %rdx
	call	nothing
	ret

	place lost_in_recursion
	mov	%rax, %rdi
	call	endless
	ret

	place returned_by_tail_call
	mov	%rax, %rdi
	jmp	identity

	place lost_in_a_loop
1:	jmp	1b

	place lost_at_an_unknown_place
	jmp	*%rcx

	place lost_at_the_end_of_the_way
	ud2

	.section .note.GNU-stack, "", @progbits
