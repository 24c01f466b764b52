/* SPDX-License-Identifier: MIT */
/*
 * How to go from a frame to its caller's: what .eh_frame says for one code address, as far as a
 * stack trace needs it.  Any thread, in a signal handler, inside the allocator: no lock, no memory.
 *
 * Source: the System V ABI, AMD64 supplement, 3.7, the LSB's chapter on exception frames, and
 * DWARF 5, 6.4.  The table is found with _dl_find_object (glibc 2.35).
 */
#ifndef STACK_CFI_H
#define STACK_CFI_H

#include <stdbool.h>
#include <stdint.h>

enum cfi_kind {
	CFI_STEP,     /* there is a caller, and the fields below lead to it */
	CFI_END,      /* the outermost frame, and it says so */
	CFI_NO_ENTRY, /* a function without unwind information */
	CFI_NO_CODE,  /* no object's code */
	CFI_OTHER,    /* a signal's frame, or something that the fields below cannot say */
};

enum cfi_base {
	CFI_RSP,       /* cfa = rsp + offset */
	CFI_RBP,       /* cfa = rbp + offset */
	CFI_RBP_DEREF, /* cfa = *(rbp + offset): functions that align their stack */
};

enum cfi_rbp {
	CFI_RBP_SAME,	/* the caller's rbp is this frame's */
	CFI_RBP_SAVED,	/* it lies at cfa + rbp_offset */
	CFI_RBP_AT_RBP, /* it lies at rbp + rbp_offset: functions that align their stack */
};

/* The return address lies at cfa - 8, and the caller's rsp is cfa. */
struct cfi_rule {
	uint8_t kind : 3;   /* enum cfi_kind */
	uint8_t base : 2;   /* enum cfi_base */
	uint8_t rbp : 2;    /* enum cfi_rbp */
	int16_t rbp_offset; /* bytes */
	int32_t offset;	    /* bytes */
};

/* False where this process has no _dl_find_object: there are no rules then.  Not from inside the
 * allocator. */
bool cfi_init(void);

/* Of the frame that executes the instruction at addr (for a return address: the byte before). */
struct cfi_rule cfi_find_rule(uint64_t addr);

#endif
