/* SPDX-License-Identifier: MIT */
/*
 * The state of an abstract run (flow.h): what registers and words of the stack hold.
 */
#ifndef TYPING_NATIVE_FLOW_PLACE_H
#define TYPING_NATIVE_FLOW_PLACE_H

#include <capstone.h>

#include "typing/native/flow.h"

#define SLOTS_MAX      16
#define NR_REGISTERS   16 /* DWARF numbers */
#define NOT_A_REGISTER 0xff

enum { RAX, RDX, RCX, RBX, RSI, RDI, RBP, RSP, R8, R9, R10, R11, R12, R13, R14, R15 };

struct value {
	bool is_block;		  /* the address that the call returned */
	const struct ctype *type; /* what is known of another value; NULL: nothing */
};

/* A word of the stack, by the register that it was written through. */
struct slot {
	uint8_t regno;
	int64_t offset;
	struct value value;
};

struct flow {
	struct native *native;
	csh decoder;
	cs_insn *insn;
	uint64_t pc;
	struct value registers[NR_REGISTERS];
	struct slot slots[SLOTS_MAX];
	unsigned int nr_slots;
	bool tested; /* the flags say whether the block's address is null */
	unsigned int nr_jumps;
	bool is_returned; /* the way came to a return with the block's address in rax */
	flow_fn *fn;	  /* NULL: nobody asks for types */
	void *arg;
};

struct flow_operand {
	uint8_t base; /* NOT_A_REGISTER: none */
	bool has_index;
	bool is_fixed; /* offset is an address */
	uint8_t scale; /* of the index */
	int64_t offset;
};

/* The DWARF number of a register or of a part of one. */
uint8_t flow_register(unsigned int reg);
/* Tells that the block's address came to a place of that type, if it is a pointer. */
void flow_tell(struct flow *f, enum flow_end end, const struct ctype *pointer);
/* Tells of the variables that have the block's address in a register at pc. */
void flow_tell_variables(struct flow *f);

/* False: the operand is relative to something unknown. */
bool flow_get_place(const struct flow *f, const cs_x86_op *op, struct flow_operand *ret);
/* Is it a word of the function's frame? */
bool flow_is_frame(const struct flow_operand *where);
/* What is known of a word of the stack; NULL: nothing. */
struct slot *flow_find_slot(struct flow *f, const struct flow_operand *where);
/* The stack pointer moves: words that are counted from it are somewhere else. */
void flow_forget_stack(struct flow *f);

void flow_store(struct flow *f, const struct flow_operand *where, const struct value *v);
struct value flow_load(struct flow *f, const struct flow_operand *where);
/* lea: an address, of a global or of a field. */
struct value flow_address(struct flow *f, const struct flow_operand *where);

#endif
