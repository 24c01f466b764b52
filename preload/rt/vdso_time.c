/* SPDX-License-Identifier: MIT */
/*
 * time() of the vDSO, followed instruction by instruction: some kernels read the word at a fixed
 * place, others look first whether the process is in a time namespace, whose clocks are a page
 * further on.  Only what they use is known here, with the first eight registers; whatever else
 * there is ends the search.
 *
 * Once, at start.  Reads only what time(NULL) would read.
 */
#include "rt/vdso_time.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "rt/ban.h"

#define STEPS_MAX 32
#define REACH	  (1u << 16) /* the clocks' pages are next to the code */
#define REX_W	  0x48

struct follower {
	const uint8_t *code, *at;
	uint64_t regs[8];
	bool equal;		/* the zero flag */
	const uint64_t *word;	/* the last one that was read */
	uint64_t value;		/* ... and what it said */
};

/* An instruction with a ModRM byte, taken apart. */
struct operands {
	uint8_t op;
	bool wide;		/* 64 bits, else 32 */
	uint64_t *reg;
	uint32_t reg_number;
	uint64_t *rm;		/* a register, or NULL: */
	const void *memory;
	const uint8_t *end;	/* behind it and its immediate */
	int32_t immediate;
};

static int32_t read_signed(const uint8_t *at, uint32_t size)
{
	int32_t value;

	if (size == 1)
		return (int8_t)*at;
	memcpy(&value, at, sizeof(value));
	return value;
}

/* at: the ModRM byte; nr_immediate: bytes behind the operand. */
static bool take_apart(struct follower *f, const uint8_t *at, uint32_t nr_immediate,
		       struct operands *o)
{
	const uint32_t mode = *at >> 6, rm = *at & 7;
	const bool from_here = mode == 0 && rm == 5;
	const uint32_t nr_offset = mode == 1 ? 1 : mode == 2 || from_here ? 4 : 0;

	o->reg_number = *at >> 3 & 7;
	o->reg = &f->regs[o->reg_number];
	o->rm = mode == 3 ? &f->regs[rm] : NULL;
	if (mode != 3 && rm == 4)
		return false;
	o->end = at + 1 + nr_offset + nr_immediate;
	o->memory = (const void *)((from_here ? (uint64_t)o->end : f->regs[rm]) +
				   (uint64_t)(nr_offset ? read_signed(at + 1, nr_offset) : 0));
	o->immediate = nr_immediate ? read_signed(at + 1 + nr_offset, nr_immediate) : 0;
	return true;
}

static bool read_operand(struct follower *f, const struct operands *o, uint64_t *value)
{
	*value = 0;
	if (o->rm) {
		*value = o->wide ? *o->rm : (uint32_t)*o->rm;
		return true;
	}
	if ((uint64_t)o->memory - (uint64_t)f->code + REACH > 2 * REACH)
		return false;
	memcpy(value, o->memory, o->wide ? 8 : 4);
	if (o->wide) {
		f->word = o->memory;
		f->value = *value;
	}
	return true;
}

/* add, sub or cmp with an immediate. */
static bool calculate(struct follower *f, const struct operands *o)
{
	const uint64_t immediate = o->wide ? (uint64_t)o->immediate : (uint32_t)o->immediate;
	uint64_t left;

	if (!read_operand(f, o, &left))
		return false;
	f->equal = left == immediate;
	if (o->reg_number == 7)
		return true;
	if (!o->rm || !o->wide || (o->reg_number != 0 && o->reg_number != 5))
		return false;
	*o->rm = o->reg_number ? left - immediate : left + immediate;
	f->equal = *o->rm == 0;
	return true;
}

static bool obey(struct follower *f, const struct operands *o)
{
	switch (o->op) {
	case 0x31: /* xor of a register with itself */
		*o->reg = 0;
		f->equal = true;
		return o->rm == o->reg;
	case 0x81:
	case 0x83:
		return calculate(f, o);
	case 0x85: /* test */
		f->equal = (o->wide ? *o->reg : (uint32_t)*o->reg) == 0;
		return o->rm == o->reg;
	case 0x89: /* mov, to a register */
		if (o->rm)
			*o->rm = *o->reg;
		return o->rm && o->wide;
	case 0x8b: /* mov */
		return read_operand(f, o, o->reg);
	case 0x8d: /* lea */
		*o->reg = (uint64_t)o->memory;
		return !o->rm && o->wide;
	default:
		return false;
	}
}

/* What has no ModRM byte.  False: it has one. */
static bool obey_short(struct follower *f)
{
	static const uint8_t endbr64[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	const uint8_t op = f->at[0];

	if (memcmp(f->at, endbr64, sizeof(endbr64)) == 0) {
		f->at += sizeof(endbr64);
	} else if (op == 0x55 || op == 0x5d) { /* push and pop of rbp, where nothing is read from */
		f->at++;
	} else if (op == 0x74 || op == 0x75 || op == 0xeb) { /* je, jne, jmp */
		const bool is_taken = op == 0xeb || (op == 0x74) == f->equal;

		f->at += 2 + (is_taken ? read_signed(f->at + 1, 1) : 0);
	} else {
		return false;
	}
	return true;
}

static bool step(struct follower *f)
{
	const bool wide = f->at[0] == REX_W;
	const uint8_t *const op = f->at + wide;
	struct operands o = { .wide = wide, .op = *op };

	if (obey_short(f))
		return true;
	if (*op == 0x2d || *op == 0x3d) { /* sub, cmp: of rax */
		o.rm = &f->regs[0];
		o.reg_number = *op == 0x2d ? 5 : 7;
		o.immediate = read_signed(op + 1, 4);
		f->at = op + 5;
		return calculate(f, &o);
	}
	if (!take_apart(f, op + 1, *op == 0x81 ? 4 : *op == 0x83 ? 1 : 0, &o))
		return false;
	f->at = o.end;
	return obey(f, &o);
}

const uint64_t *vdso_time_find(const uint8_t *code)
{
	struct follower f = { .code = code, .at = code };

	for (uint32_t i = 0; i < STEPS_MAX; i++) {
		if (*f.at == 0xc3)
			return f.word && f.regs[0] == f.value && (uint64_t)f.word % 8 == 0 ? f.word
											    : NULL;
		if (!step(&f))
			return NULL;
	}
	return NULL;
}
