/* SPDX-License-Identifier: MIT */
/*
 * The abstract run behind flow.h, over instructions that capstone decodes.  What an instruction
 * does beyond the few that are understood is only that its results are unknown from then on, so a
 * value is lost rather than mistaken.
 */
#include "typing/native/flow.h"

#include <capstone.h>
#include <string.h>

#include "heap/callee.h"
#include "base/mem.h"
#include "heap/symbol.h"
#include "typing/native/debug.h"

#define STEPS_MAX	96
#define JUMPS_MAX	12
#define SLOTS_MAX	16
#define INSTRUCTION_MAX 15
#define TYPES_MAX	8
#define CALLEES_MAX	16 /* that are followed out of each other */
#define NR_REGISTERS	16 /* DWARF numbers */
#define NOT_A_REGISTER	0xff

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

/* The DWARF number of a register or of a part of one. */
static uint8_t register_number(unsigned int reg)
{
	static const uint16_t parts[NR_REGISTERS][5] = {
		[RAX] = { X86_REG_RAX, X86_REG_EAX, X86_REG_AX, X86_REG_AL, X86_REG_AH },
		[RDX] = { X86_REG_RDX, X86_REG_EDX, X86_REG_DX, X86_REG_DL, X86_REG_DH },
		[RCX] = { X86_REG_RCX, X86_REG_ECX, X86_REG_CX, X86_REG_CL, X86_REG_CH },
		[RBX] = { X86_REG_RBX, X86_REG_EBX, X86_REG_BX, X86_REG_BL, X86_REG_BH },
		[RSI] = { X86_REG_RSI, X86_REG_ESI, X86_REG_SI, X86_REG_SIL, 0 },
		[RDI] = { X86_REG_RDI, X86_REG_EDI, X86_REG_DI, X86_REG_DIL, 0 },
		[RBP] = { X86_REG_RBP, X86_REG_EBP, X86_REG_BP, X86_REG_BPL, 0 },
		[RSP] = { X86_REG_RSP, X86_REG_ESP, X86_REG_SP, X86_REG_SPL, 0 },
		[R8] = { X86_REG_R8, X86_REG_R8D, X86_REG_R8W, X86_REG_R8B, 0 },
		[R9] = { X86_REG_R9, X86_REG_R9D, X86_REG_R9W, X86_REG_R9B, 0 },
		[R10] = { X86_REG_R10, X86_REG_R10D, X86_REG_R10W, X86_REG_R10B, 0 },
		[R11] = { X86_REG_R11, X86_REG_R11D, X86_REG_R11W, X86_REG_R11B, 0 },
		[R12] = { X86_REG_R12, X86_REG_R12D, X86_REG_R12W, X86_REG_R12B, 0 },
		[R13] = { X86_REG_R13, X86_REG_R13D, X86_REG_R13W, X86_REG_R13B, 0 },
		[R14] = { X86_REG_R14, X86_REG_R14D, X86_REG_R14W, X86_REG_R14B, 0 },
		[R15] = { X86_REG_R15, X86_REG_R15D, X86_REG_R15W, X86_REG_R15B, 0 },
	};

	for (uint8_t i = 0; i < NR_REGISTERS; i++) {
		for (int part = 0; part < 5; part++) {
			if (reg && parts[i][part] == reg)
				return i;
		}
	}
	return NOT_A_REGISTER;
}

static bool flow_run(struct native *n, uint64_t pc, uint8_t regno, flow_fn *fn, void *arg);

static bool is_known(const struct value *v)
{
	return v->is_block || v->type;
}

static void flow_tell(struct flow *f, enum flow_end end, const struct ctype *pointer)
{
	if (pointer && ctype_is_pointer(pointer))
		f->fn(f->arg, end, pointer);
}

/* The pointer type of a value in a register: known by the run, else by a variable there. */
static const struct ctype *register_type(struct flow *f, uint8_t regno)
{
	const struct place place = { .regno = regno };
	const struct ctype *types[TYPES_MAX];

	if (!f->fn || regno >= NR_REGISTERS || f->registers[regno].is_block)
		return NULL;
	if (f->registers[regno].type)
		return f->registers[regno].type;

	const unsigned int nr = debug_find_types_in(f->native, f->pc, &place, types, TYPES_MAX);

	for (unsigned int i = 0; i < nr; i++) {
		if (ctype_is_pointer(types[i]) && types[i]->target->kind != CTYPE_VOID)
			return types[i];
	}
	return NULL;
}

/* ---- memory ---- */

struct operand {
	uint8_t base; /* NOT_A_REGISTER: none */
	bool has_index;
	bool is_fixed; /* offset is an address */
	uint8_t scale; /* of the index */
	int64_t offset;
};

static bool memory_operand(const struct flow *f, const cs_x86_op *op, struct operand *ret)
{
	const x86_op_mem *mem = &op->mem;

	*ret = (struct operand){ .base = register_number(mem->base), .offset = mem->disp };
	if (mem->segment != X86_REG_INVALID)
		return false;
	ret->has_index = mem->index != X86_REG_INVALID;
	ret->scale = mem->scale;
	if (mem->base == X86_REG_RIP) {
		ret->offset += f->insn->address + f->insn->size;
		ret->is_fixed = true;
	} else if (mem->base == X86_REG_INVALID) {
		ret->is_fixed = true;
	}
	return ret->is_fixed || ret->base != NOT_A_REGISTER;
}

static struct slot *find_slot(struct flow *f, const struct operand *where)
{
	for (unsigned int i = 0; i < f->nr_slots; i++) {
		if (f->slots[i].regno == where->base && f->slots[i].offset == where->offset)
			return &f->slots[i];
	}
	return NULL;
}

static bool is_frame(const struct operand *where)
{
	return (where->base == RSP || where->base == RBP) && !where->has_index;
}

/* An element of a record's arrays of pointers, where all of them are of one type: compilers fold
 * the place of an array into its index, so which array it is cannot be told. */
static const struct ctype *any_element(struct native *n, const struct ctype *t)
{
	const struct ctype *found = NULL;

	t = ctype_complete(n, t);
	for (uint32_t i = 0; i < t->nr_members; i++) {
		const struct ctype *member = t->members[i].type;

		if (member->kind != CTYPE_ARRAY)
			continue;
		if (!ctype_is_pointer(member->target) || (found && found != member->target))
			return NULL;
		found = member->target;
	}
	return found;
}

/* The type of the word at `where`, whose address a variable has that is kept in no place of its
 * own.
 */
static const struct ctype *target_of_sum(struct flow *f, const struct operand *where)
{
	const struct place place = { .is_sum = true,
				     .regno = where->base,
				     .offset = where->offset };
	const struct ctype *types[TYPES_MAX];
	uint64_t base;

	if (!debug_find_types_in(f->native, f->pc, &place, types, TYPES_MAX) ||
	    !ctype_is_pointer(types[0]))
		return NULL;
	return ctype_find_at(f->native, types[0]->target, 0, &base);
}

/* The type of the word at `where`, from its variable, its global, or the pointer that leads there.
 */
static const struct ctype *memory_type(struct flow *f, const struct operand *where)
{
	const struct ctype *holder, *types[TYPES_MAX];
	struct variable v;
	uint64_t offset = where->offset, base;

	if (!f->fn)
		return NULL;
	if (where->is_fixed) {
		if (!debug_find_global(f->native, where->offset, &v))
			return NULL;
		holder = v.type;
		offset -= v.addr;
		return ctype_find_at(f->native, holder, offset, &base);
	}
	if (is_frame(where)) {
		const struct place place = { .is_memory = true,
					     .regno = where->base,
					     .offset = where->offset };

		if (debug_find_types_in(f->native, f->pc, &place, types, TYPES_MAX))
			return types[0];
	}
	holder = register_type(f, where->base);
	if (!holder && !where->has_index)
		return target_of_sum(f, where);
	if (!holder || !ctype_is_pointer(holder))
		return NULL;
	if (where->has_index && where->scale == 8 && ctype_is_record(holder->target))
		return any_element(f->native, holder->target);
	/* An element of an array: which one does not matter. */
	if (where->has_index ||
	    (offset && holder->target->size && !ctype_is_record(holder->target)))
		offset = holder->target->size ? offset % holder->target->size : 0;
	return ctype_find_at(f->native, holder->target, offset, &base);
}

static void store(struct flow *f, const struct operand *where, const struct value *v)
{
	struct slot *slot = is_frame(where) ? find_slot(f, where) : NULL;

	if (is_frame(where) && !slot && is_known(v) && f->nr_slots < SLOTS_MAX) {
		slot = &f->slots[f->nr_slots++];
		*slot = (struct slot){ where->base, where->offset, { 0 } };
	}
	if (slot)
		slot->value = *v;
	if (v->is_block)
		flow_tell(f, is_frame(where) ? FLOW_VARIABLE : FLOW_STORE, memory_type(f, where));
}

static struct value load(struct flow *f, const struct operand *where)
{
	const struct slot *slot = is_frame(where) ? find_slot(f, where) : NULL;

	if (slot)
		return slot->value;
	return (struct value){ .type = memory_type(f, where) };
}

/* lea: an address, of a global or of a field. */
static struct value address(struct flow *f, const struct operand *where)
{
	struct variable v;

	if (f->fn && where->is_fixed && !where->has_index &&
	    debug_find_global(f->native, where->offset, &v) && v.addr == (uint64_t)where->offset)
		return (struct value){ .type = ctype_get_pointer(f->native, v.type) };
	return (struct value){ 0 };
}

/* ---- instructions ---- */

static void forget_stack(struct flow *f)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < f->nr_slots; i++) {
		if (f->slots[i].regno != RSP)
			f->slots[nr++] = f->slots[i];
	}
	f->nr_slots = nr;
}

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
		const uint8_t regno = register_number(written[i]);

		if (regno == RSP)
			forget_stack(f);
		if (regno != NOT_A_REGISTER)
			f->registers[regno] = (struct value){ 0 };
	}
}

static void run_mov(struct flow *f, const cs_x86 *x)
{
	const cs_x86_op *to = &x->operands[0], *from = &x->operands[1];
	struct operand where;
	struct value v = { 0 };

	if (from->type == X86_OP_REG && from->size == 8 &&
	    register_number(from->reg) < NR_REGISTERS)
		v = f->registers[register_number(from->reg)];
	else if (from->type == X86_OP_MEM && from->size == 8 && memory_operand(f, from, &where))
		v = load(f, &where);
	if (to->type == X86_OP_MEM) {
		if (to->size == 8 && memory_operand(f, to, &where))
			store(f, &where, &v);
		return;
	}
	forget_written(f);
	if (to->type == X86_OP_REG && to->size == 8 && register_number(to->reg) < NR_REGISTERS)
		f->registers[register_number(to->reg)] = v;
}

static void run_lea(struct flow *f, const cs_x86 *x)
{
	struct operand where;
	struct value v = { 0 };

	if (memory_operand(f, &x->operands[1], &where))
		v = address(f, &where);
	forget_written(f);
	if (x->operands[0].size == 8)
		f->registers[register_number(x->operands[0].reg)] = v;
}

/* The name of the function that is called; NULL: not known. */
static const char *find_callee(struct flow *f, const cs_x86 *x)
{
	const cs_x86_op *to = &x->operands[0];
	struct symbols *symbols = f->native->heap->symbols;
	struct operand where;

	if (to->type == X86_OP_IMM)
		return callee_find(symbols, to->imm);
	if (to->type == X86_OP_MEM && memory_operand(f, to, &where) && where.is_fixed &&
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
	const uint8_t regno = a->type == X86_OP_REG ? register_number(a->reg) : NOT_A_REGISTER;

	if (a->type == X86_OP_MEM && b->type == X86_OP_IMM && !b->imm) {
		struct operand where;

		if (!memory_operand(f, a, &where) || !is_frame(&where))
			return false;

		const struct slot *slot = find_slot(f, &where);

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

/* Variables that have the block's address in a register at pc. */
static void tell_variables(struct flow *f)
{
	const struct ctype *types[TYPES_MAX];

	for (uint8_t regno = 0; f->fn && regno < NR_REGISTERS; regno++) {
		const struct place place = { .regno = regno };

		if (!f->registers[regno].is_block)
			continue;

		const unsigned int nr =
			debug_find_types_in(f->native, f->pc, &place, types, TYPES_MAX);

		for (unsigned int i = 0; i < nr; i++)
			flow_tell(f, FLOW_VARIABLE, types[i]);
	}
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
		tell_variables(&f);
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
