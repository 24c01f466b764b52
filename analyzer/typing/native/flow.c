/* SPDX-License-Identifier: MIT */
/*
 * The abstract run behind flow.h, over instructions that capstone decodes.  What an instruction
 * does beyond the few that are understood is only that its results are unknown from then on, so a
 * value is lost rather than mistaken.
 */
#include "typing/native/flow.h"

#include <string.h>

#include "base/mem.h"
#include "heap/callee.h"
#include "heap/symbol.h"
#include "typing/native/debug.h"
#include "typing/native/flow_place.h"

#define STEPS_MAX	96
#define JUMPS_MAX	12
#define INSTRUCTION_MAX 15
#define CALLEES_MAX	16 /* that are followed out of each other */

static bool flow_run(struct native *n, uint64_t pc, uint8_t regno, flow_fn *fn, void *arg);

/* Whatever the instruction writes is not known any more. */
static void forget_written(struct flow *f)
{
	cs_regs read, written;
	uint8_t nr_read, nr_written;

	if (cs_regs_access(f->decoder, f->insn, read, &nr_read, written, &nr_written)) {
		memset(f->registers, 0, sizeof(f->registers));
		return;
	}
	for (uint8_t i = 0; i < nr_written; i++) {
		const uint8_t regno = flow_register(written[i]);

		if (regno == RSP)
			flow_forget_stack(f);
		if (regno != NOT_A_REGISTER)
			f->registers[regno] = (struct value){ 0 };
	}
}

static void run_mov(struct flow *f, const cs_x86 *x)
{
	const cs_x86_op *to = &x->operands[0], *from = &x->operands[1];
	struct flow_operand where;
	struct value v = { 0 };

	if (from->type == X86_OP_REG && from->size == 8 && flow_register(from->reg) < NR_REGISTERS)
		v = f->registers[flow_register(from->reg)];
	else if (from->type == X86_OP_MEM && from->size == 8 && flow_get_place(f, from, &where))
		v = flow_load(f, &where);
	if (to->type == X86_OP_MEM) {
		if (to->size == 8 && flow_get_place(f, to, &where))
			flow_store(f, &where, &v);
		return;
	}
	forget_written(f);
	if (to->type == X86_OP_REG && to->size == 8 && flow_register(to->reg) < NR_REGISTERS)
		f->registers[flow_register(to->reg)] = v;
}

static void run_lea(struct flow *f, const cs_x86 *x)
{
	struct flow_operand where;
	struct value v = { 0 };

	if (flow_get_place(f, &x->operands[1], &where))
		v = flow_address(f, &where);
	forget_written(f);
	if (x->operands[0].size == 8)
		f->registers[flow_register(x->operands[0].reg)] = v;
}

/* The name of the function that is called; NULL: not known. */
static const char *find_callee(struct flow *f, const cs_x86 *x)
{
	const cs_x86_op *to = &x->operands[0];
	struct symbols *symbols = f->native->heap->symbols;
	struct flow_operand where;

	if (to->type == X86_OP_IMM)
		return callee_find(symbols, to->imm);
	if (to->type == X86_OP_MEM && flow_get_place(f, to, &where) && where.is_fixed &&
	    !where.has_index)
		return symbols_find_import(symbols, where.offset);
	return NULL;
}

static const uint8_t arguments[] = { RDI, RSI, RDX, RCX, R8, R9 };

/* Does the call return the block's address, which it was handed?  A function that is called by its
 * address is followed, too. */
static bool returns_block(struct flow *f, const cs_x86 *x)
{
	const char *callee = f->registers[RDI].is_block ? find_callee(f, x) : NULL;

	if (callee && callee_returns_argument(callee))
		return true;
	for (unsigned int i = 0; x->operands[0].type == X86_OP_IMM && i < ARRAY_SIZE(arguments);
	     i++) {
		if (!f->registers[arguments[i]].is_block)
			continue;

		const uint64_t entry = x->operands[0].imm;
		uint64_t *slot = map_find_or_insert(&f->native->returned, entry, i);

		if (*slot != MAP_EMPTY)
			return *slot;
		if (f->native->nr_callees == CALLEES_MAX)
			return false;
		*slot = false; /* while it is followed: it may call itself */
		f->native->nr_callees++;

		const bool is_returned = flow_run(f->native, entry, arguments[i], NULL, NULL);

		f->native->nr_callees--;
		*map_find_or_insert(&f->native->returned, entry, i) = is_returned;
		return is_returned;
	}
	return false;
}

static void tell_argument(struct flow *f, uint64_t entry, unsigned int index)
{
	const bool is_constructor = !index && debug_is_constructor(f->native, entry);

	flow_tell(f, is_constructor ? FLOW_CONSTRUCTOR : FLOW_ARGUMENT,
		  debug_find_parameter(f->native, entry, index));
}

static void run_call(struct flow *f, const cs_x86 *x)
{
	static const uint8_t clobbered[] = { RAX, RCX, RDX, RSI, RDI, R8, R9, R10, R11 };

	for (unsigned int i = 0; f->fn && i < ARRAY_SIZE(arguments); i++) {
		if (x->operands[0].type == X86_OP_IMM && f->registers[arguments[i]].is_block)
			tell_argument(f, x->operands[0].imm, i);
	}

	const bool is_returned = returns_block(f, x);

	for (unsigned int i = 0; i < sizeof(clobbered); i++)
		f->registers[clobbered[i]] = (struct value){ 0 };
	f->registers[RAX].is_block = is_returned;
}

static void run_ret(struct flow *f)
{
	if (!f->registers[RAX].is_block)
		return;
	f->is_returned = true;
	if (f->fn)
		flow_tell(f, FLOW_RETURN, debug_find_return_type(f->native, f->pc));
}

/* test and cmp: is it about the block's address being null? */
static bool tests_block(struct flow *f, const cs_x86 *x)
{
	const cs_x86_op *a = &x->operands[0], *b = &x->operands[1];
	const uint8_t regno = a->type == X86_OP_REG ? flow_register(a->reg) : NOT_A_REGISTER;

	if (a->type == X86_OP_MEM && b->type == X86_OP_IMM && !b->imm) {
		struct flow_operand where;

		if (!flow_get_place(f, a, &where) || !flow_is_frame(&where))
			return false;

		const struct slot *slot = flow_find_slot(f, &where);

		return slot && slot->value.is_block;
	}
	if (regno == NOT_A_REGISTER || a->size != 8 || !f->registers[regno].is_block)
		return false;
	return (b->type == X86_OP_REG && b->reg == a->reg) || (b->type == X86_OP_IMM && !b->imm);
}

/* Goes to the target of a jump; false: it is not known, or there were too many. */
static bool jump(struct flow *f, const cs_x86 *x)
{
	if (x->operands[0].type != X86_OP_IMM || f->nr_jumps++ == JUMPS_MAX)
		return false;
	f->pc = x->operands[0].imm;
	return true;
}

/* False: the way ends here. */
static bool run_instruction(struct flow *f)
{
	const cs_x86 *x = &f->insn->detail->x86;
	const bool tested = f->tested;

	f->tested = false;
	switch (f->insn->id) {
	case X86_INS_MOV:
	case X86_INS_MOVABS:
		run_mov(f, x);
		break;
	case X86_INS_LEA:
		run_lea(f, x);
		break;
	case X86_INS_CALL:
		run_call(f, x);
		break;
	case X86_INS_RET:
		run_ret(f);
		return false;
	case X86_INS_JMP:
		return jump(f, x);
	case X86_INS_JNE: /* the block is there: its address is not null */
		if (tested)
			return jump(f, x);
		break;
	case X86_INS_TEST:
	case X86_INS_CMP:
		f->tested = tests_block(f, x);
		break;
	case X86_INS_HLT:
	case X86_INS_UD2:
	case X86_INS_INT3:
		return false;
	default:
		forget_written(f);
		break;
	}
	f->pc += f->insn->size;
	return true;
}

static bool decode(struct flow *f)
{
	for (size_t len = INSTRUCTION_MAX; len; len--) {
		const uint8_t *bytes = symbols_find_bytes(f->native->heap->symbols, f->pc, len);
		uint64_t addr = f->pc;

		if (bytes)
			return cs_disasm_iter(f->decoder, &bytes, &len, &addr, f->insn);
	}
	return false;
}

static bool has_block(const struct flow *f)
{
	for (unsigned int i = 0; i < NR_REGISTERS; i++) {
		if (f->registers[i].is_block)
			return true;
	}
	for (unsigned int i = 0; i < f->nr_slots; i++) {
		if (f->slots[i].value.is_block)
			return true;
	}
	return false;
}

static csh flow_open(struct native *n)
{
	csh decoder;

	if (n->decoder)
		return n->decoder;
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &decoder))
		return 0;
	cs_option(decoder, CS_OPT_DETAIL, CS_OPT_ON);
	return n->decoder = decoder;
}

void flow_close(struct native *n)
{
	csh decoder = n->decoder;

	if (decoder)
		cs_close(&decoder);
	n->decoder = 0;
}

static bool flow_run(struct native *n, uint64_t pc, uint8_t regno, flow_fn *fn, void *arg)
{
	struct flow f = { .native = n, .decoder = flow_open(n), .pc = pc, .fn = fn, .arg = arg };

	f.insn = f.decoder ? cs_malloc(f.decoder) : NULL;
	if (!f.insn)
		return false;
	f.registers[regno].is_block = true;
	for (int steps = 0; steps < STEPS_MAX && has_block(&f); steps++) {
		flow_tell_variables(&f);
		if (!decode(&f) || !run_instruction(&f))
			break;
	}
	cs_free(f.insn, 1);
	return f.is_returned;
}

static void note_end(void *arg, enum flow_end end, const struct ctype *pointer)
{
	fact_maker_add(arg, &(struct fact_item){ .number = end, .type = pointer });
}

bool flow_follow(struct native *n, uint64_t return_address, flow_fn *fn, void *arg)
{
	struct fact_maker m = { 0 };
	const struct fact *ends;

	if (!fn || dump_find_module(n->heap->dump, return_address) == UINT32_MAX)
		return flow_run(n, return_address, RAX, fn, arg);
	ends = debug_find_flow(n, return_address);
	if (!ends) {
		m.head.is_returned = flow_run(n, return_address, RAX, note_end, &m);
		ends = debug_add_flow(n, return_address, &m);
	}
	for (uint32_t i = 0; i < ends->nr; i++)
		fn(arg, ends->items[i].number, ends->items[i].type);
	return ends->is_returned;
}
