/* SPDX-License-Identifier: MIT */
/*
 * Offline unwinding.  A register whose value is not known stays unknown, and the walk ends at the
 * first frame that cannot be worked out for certain: the words beyond are named by their thread
 * alone.  Registers of a thread that blocks in a system call: rsp and rip only, which is enough for
 * code without frame pointers.
 */
#include "heap/frame.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sorted.h"
#include "heap/symbol.h"

#define NR_REGISTERS 17 /* DWARF numbers of x86-64: 7 is rsp, 16 the return address */
#define REGISTER_SP  7
#define REGISTER_PC  16
#define FRAMES_MAX   1024 /* of one thread */
#define OPERANDS_MAX 16

struct frames {
	struct frame *items; /* by sp */
	size_t nr, room;
};

struct registers {
	uint64_t value[NR_REGISTERS];
	uint32_t known; /* bit mask */
};

static bool is_known(const struct registers *r, unsigned int regno)
{
	return regno < NR_REGISTERS && r->known >> regno & 1;
}

static void set_register(struct registers *r, unsigned int regno, uint64_t value)
{
	r->value[regno] = value;
	r->known |= 1u << regno;
}

static bool read_word(const struct dump *d, uint64_t addr, uint64_t *ret)
{
	const uint8_t *bytes = dump_find_bytes(d, addr, sizeof(*ret));

	if (bytes)
		memcpy(ret, bytes, sizeof(*ret));
	return bytes;
}

struct operands {
	uint64_t value[OPERANDS_MAX];
	int nr;
	bool is_value; /* DW_OP_stack_value: the result, not where it lies */
};

static bool push(struct operands *s, uint64_t value)
{
	if (s->nr == OPERANDS_MAX)
		return false;
	s->value[s->nr++] = value;
	return true;
}

static bool push_register(struct operands *s, const struct registers *r, unsigned int regno,
			  uint64_t offset)
{
	return is_known(r, regno) && push(s, r->value[regno] + offset);
}

static bool apply_binary(struct operands *s, unsigned int atom)
{
	if (s->nr < 2)
		return false;

	const uint64_t b = s->value[--s->nr];
	uint64_t *a = &s->value[s->nr - 1];

	switch (atom) {
	case DW_OP_plus:
		*a += b;
		return true;
	case DW_OP_minus:
		*a -= b;
		return true;
	case DW_OP_and:
		*a &= b;
		return true;
	case DW_OP_shl:
		*a = b < 64 ? *a << b : 0;
		return true;
	case DW_OP_ge:
		*a = (int64_t)*a >= (int64_t)b;
		return true;
	default:
		return false;
	}
}

/* The operations that unwind tables of gcc, clang and the C library use (signal frames and PLTs
 * included). */
static bool apply_operation(const struct dump *d, struct operands *s, const struct registers *r,
			    uint64_t cfa, const Dwarf_Op *op)
{
	if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31)
		return push_register(s, r, op->atom - DW_OP_breg0, op->number);
	if (op->atom >= DW_OP_lit0 && op->atom <= DW_OP_lit31)
		return push(s, op->atom - DW_OP_lit0);
	switch (op->atom) {
	case DW_OP_bregx:
		return push_register(s, r, op->number, op->number2);
	case DW_OP_call_frame_cfa:
		return push(s, cfa);
	case DW_OP_plus_uconst:
		if (s->nr)
			s->value[s->nr - 1] += op->number;
		return s->nr;
	case DW_OP_deref:
		return s->nr && read_word(d, s->value[s->nr - 1], &s->value[s->nr - 1]);
	case DW_OP_stack_value:
		s->is_value = true;
		return true;
	case DW_OP_const1u:
	case DW_OP_const1s:
	case DW_OP_const2u:
	case DW_OP_const2s:
	case DW_OP_const4u:
	case DW_OP_const4s:
	case DW_OP_constu:
	case DW_OP_consts:
		return push(s, op->number);
	default:
		return apply_binary(s, op->atom);
	}
}

static bool evaluate(const struct dump *d, const struct registers *r, uint64_t cfa,
		     const Dwarf_Op *ops, size_t nr, struct operands *s)
{
	*s = (struct operands){ 0 };
	for (size_t i = 0; i < nr; i++) {
		if (!apply_operation(d, s, r, cfa, &ops[i]))
			return false;
	}
	return s->nr > 0;
}

/* The value that the caller has in regno; false: unknown. */
static bool caller_register(const struct dump *d, Dwarf_Frame *frame, const struct registers *r,
			    uint64_t cfa, unsigned int regno, uint64_t *ret)
{
	Dwarf_Op memory[3];
	Dwarf_Op *ops;
	size_t nr;
	struct operands s;

	if (dwarf_frame_register(frame, regno, memory, &ops, &nr))
		return false;
	if (!nr) { /* unchanged (ops NULL) or undefined */
		*ret = r->value[regno];
		return !ops && is_known(r, regno);
	}
	if (nr == 1 && ops[0].atom == DW_OP_regx && is_known(r, ops[0].number)) {
		*ret = r->value[ops[0].number];
		return true;
	}
	if (!evaluate(d, r, cfa, ops, nr, &s))
		return false;
	*ret = s.value[s.nr - 1];
	return s.is_value || read_word(d, *ret, ret);
}

/* Replaces r by the caller's registers. */
static bool unwind_step(const struct dump *d, struct symbols *symbols, struct registers *r,
			bool *is_call)
{
	const uint64_t pc = r->value[REGISTER_PC] - *is_call;
	uint64_t bias;
	Dwarf_CFI *cfi = symbols_find_cfi(symbols, pc, &bias);
	_cleanup_free_ Dwarf_Frame *frame = NULL;
	Dwarf_Op *ops;
	size_t nr;
	struct operands s;
	struct registers caller = { 0 };
	bool is_signal = false;

	if (!cfi || dwarf_cfi_addrframe(cfi, pc - bias, &frame))
		return false;
	if (dwarf_frame_cfa(frame, &ops, &nr) || !evaluate(d, r, 0, ops, nr, &s))
		return false;

	const uint64_t cfa = s.value[s.nr - 1];

	for (unsigned int regno = 0; regno < NR_REGISTERS; regno++) {
		uint64_t value;

		if (caller_register(d, frame, r, cfa, regno, &value))
			set_register(&caller, regno, value);
	}
	dwarf_frame_info(frame, NULL, NULL, &is_signal);
	if (!is_signal || !is_known(&caller, REGISTER_SP))
		set_register(&caller, REGISTER_SP, cfa);
	*is_call = !is_signal;
	*r = caller;
	return is_known(r, REGISTER_PC);
}

static void frames_add(struct frames *f, const struct frame *frame)
{
	f->items = array_grow(f->items, f->nr, &f->room, sizeof(*f->items));
	f->items[f->nr++] = *frame;
}

static void unwind_thread(struct frames *f, const struct dump *d, struct symbols *symbols,
			  int32_t tid, struct registers *r)
{
	uint64_t start = r->value[REGISTER_SP];
	bool is_call = false;

	for (int i = 0; i < FRAMES_MAX; i++) {
		const uint64_t sp = r->value[REGISTER_SP], pc = r->value[REGISTER_PC];
		struct frame frame = { .tid = tid, .sp = start, .pc = pc, .code = pc - is_call };

		if (!symbols_is_code(symbols, frame.code) || !unwind_step(d, symbols, r, &is_call))
			return;
		frame.end = r->value[REGISTER_SP];
		if (frame.end <= sp)
			return;
		if (symbols_is_preload(symbols, dump_find_module(d, frame.code)))
			continue;
		frames_add(f, &frame);
		start = frame.end;
	}
}

static void load_registers(const struct dump *d, const struct hc_thread *t, struct registers *r)
{
	size_t nr;
	const struct hc_register *registers = dump_registers(d, &nr);

	for (size_t i = 0; i < nr; i++) {
		if (registers[i].tid == t->tid && registers[i].regno < NR_REGISTERS)
			set_register(r, registers[i].regno, registers[i].value);
	}
	if (t->sp && !is_known(r, REGISTER_SP))
		set_register(r, REGISTER_SP, t->sp);
	if (t->pc && !is_known(r, REGISTER_PC))
		set_register(r, REGISTER_PC, t->pc);
}

static int compare_frames(const void *a, const void *b)
{
	const struct frame *x = a, *y = b;

	return (x->sp > y->sp) - (x->sp < y->sp);
}

struct frames *frames_create(const struct dump *d, struct symbols *symbols)
{
	struct frames *f = xcalloc(1, sizeof(*f));
	size_t nr;
	const struct hc_thread *threads = dump_threads(d, &nr);

	for (size_t i = 0; i < nr; i++) {
		struct registers r = { 0 };

		if (threads[i].state == HC_THREAD_GONE)
			continue;
		load_registers(d, &threads[i], &r);
		if (is_known(&r, REGISTER_SP) && is_known(&r, REGISTER_PC))
			unwind_thread(f, d, symbols, threads[i].tid, &r);
	}
	if (f->nr)
		qsort(f->items, f->nr, sizeof(*f->items), compare_frames);
	return f;
}

void frames_destroy(struct frames *f)
{
	if (!f)
		return;
	free(f->items);
	free(f);
}

void frames_each(const struct frames *f, void (*fn)(void *arg, const struct frame *frame),
		 void *arg)
{
	for (size_t i = 0; i < f->nr; i++)
		fn(arg, &f->items[i]);
}

const struct frame *frames_find(const struct frames *f, int32_t tid, uint64_t addr)
{
	const size_t after = SORTED_COUNT(f->items, f->nr, sp, addr);

	if (!after || f->items[after - 1].tid != tid || addr >= f->items[after - 1].end)
		return NULL;
	return &f->items[after - 1];
}
