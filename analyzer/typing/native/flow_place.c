/* SPDX-License-Identifier: MIT */
/*
 * What flow.c runs on: registers, words of the stack, and the places in memory that instructions
 * name, with what debug information says of their types.
 */
#include "typing/native/flow_place.h"

#include <string.h>

#include "typing/native/debug.h"

#define TYPES_MAX 8

uint8_t flow_register(unsigned int reg)
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

static bool is_known(const struct value *v)
{
	return v->is_block || v->type;
}

void flow_tell(struct flow *f, enum flow_end end, const struct ctype *pointer)
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

bool flow_get_place(const struct flow *f, const cs_x86_op *op, struct flow_operand *ret)
{
	const x86_op_mem *mem = &op->mem;

	*ret = (struct flow_operand){ .base = flow_register(mem->base), .offset = mem->disp };
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

struct slot *flow_find_slot(struct flow *f, const struct flow_operand *where)
{
	for (unsigned int i = 0; i < f->nr_slots; i++) {
		if (f->slots[i].regno == where->base && f->slots[i].offset == where->offset)
			return &f->slots[i];
	}
	return NULL;
}

bool flow_is_frame(const struct flow_operand *where)
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
static const struct ctype *target_of_sum(struct flow *f, const struct flow_operand *where)
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
static const struct ctype *memory_type(struct flow *f, const struct flow_operand *where)
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
	if (flow_is_frame(where)) {
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

void flow_store(struct flow *f, const struct flow_operand *where, const struct value *v)
{
	struct slot *slot = flow_is_frame(where) ? flow_find_slot(f, where) : NULL;

	if (flow_is_frame(where) && !slot && is_known(v) && f->nr_slots < SLOTS_MAX) {
		slot = &f->slots[f->nr_slots++];
		*slot = (struct slot){ where->base, where->offset, { 0 } };
	}
	if (slot)
		slot->value = *v;
	if (v->is_block)
		flow_tell(f, flow_is_frame(where) ? FLOW_VARIABLE : FLOW_STORE,
			  memory_type(f, where));
}

struct value flow_load(struct flow *f, const struct flow_operand *where)
{
	const struct slot *slot = flow_is_frame(where) ? flow_find_slot(f, where) : NULL;

	if (slot)
		return slot->value;
	return (struct value){ .type = memory_type(f, where) };
}

struct value flow_address(struct flow *f, const struct flow_operand *where)
{
	struct variable v;

	if (f->fn && where->is_fixed && !where->has_index &&
	    debug_find_global(f->native, where->offset, &v) && v.addr == (uint64_t)where->offset)
		return (struct value){ .type = ctype_get_pointer(f->native, v.type) };
	return (struct value){ 0 };
}

void flow_forget_stack(struct flow *f)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < f->nr_slots; i++) {
		if (f->slots[i].regno != RSP)
			f->slots[nr++] = f->slots[i];
	}
	f->nr_slots = nr;
}

void flow_tell_variables(struct flow *f)
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
