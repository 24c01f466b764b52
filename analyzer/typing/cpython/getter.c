/* SPDX-License-Identifier: MIT */
/*
 * The first few instructions of a function, up to the return.
 */
#include "typing/cpython/getter.h"

#include "base/mem.h"
#include "typing/cpython/names.h"
#include "typing/cpython/value.h"

#define UNITS_MAX 64 /* instructions of two bytes that are looked at */
#define NO_OP	  0  /* CACHE, which is no instruction, or <0>: in no version one that matters */
#define QUICK_MAX 3

struct op_range {
	uint8_t first, last;
};

/* Numbers of the instructions. */
struct instructions {
	uint8_t code;	/* offset in the code object: of the bytes object up to 3.10, then theirs */
	uint8_t caches; /* units that follow LOAD_ATTR */
	uint8_t load_fast, load_const, return_value, return_const;
	uint8_t load_attr;
	struct op_range quick[QUICK_MAX]; /* what LOAD_ATTR becomes when it was run often */
	uint8_t nothing[4]; /* what does nothing here: RESUME, NOP, SETUP_FINALLY ... */
};

static const struct instructions instructions[] = {
	[8] = { 48, 0, 124, 100, 83, NO_OP, 106, { { 0 } }, { 9, 122, 87 } },
	[9] = { 48, 0, 124, 100, 83, NO_OP, 106, { { 0 } }, { 9, 122, 87 } },
	[10] = { 48, 0, 124, 100, 83, NO_OP, 106, { { 0 } }, { 9, 122, 87 } },
	[11] = { 184, 4, 124, 100, 83, NO_OP, 106, { { 39, 43 } }, { 9, 151, 150 } },
	[12] = { 192,
		 9,
		 124,
		 100,
		 83,
		 121,
		 106,
		 { { 70, 70 }, { 72, 73 }, { 76, 82 } },
		 { 9, 151 } },
	[13] = { 200, 9, 85, 83, 36, 103, 82, { { 191, 202 } }, { 30, 149, 207 } },
};

struct reader {
	struct cpython *p;
	const struct instructions *in;
	uint64_t code;
	struct cpython_getter *ret;
	bool has_self, has_constant; /* what is on the stack */
};

static bool is_nothing(const struct instructions *in, uint8_t op)
{
	for (size_t i = 0; i < ARRAY_SIZE(in->nothing); i++)
		if (in->nothing[i] != NO_OP && op == in->nothing[i])
			return true;
	return false;
}

static bool is_load_attr(const struct instructions *in, uint8_t op)
{
	for (size_t i = 0; i < QUICK_MAX; i++)
		if (in->quick[i].first && op >= in->quick[i].first && op <= in->quick[i].last)
			return true;
	return op == in->load_attr;
}

/* object.name, a C member. */
static uint64_t member(struct cpython *p, uint64_t object, const char *name)
{
	const struct cpython_class *class = cpython_class_at(p, object);
	uint64_t offset;

	return class && cpython_find_member(p, class, name, &offset)
		       ? cpython_word(p, object + offset)
		       : 0;
}

/* The first units, or the last; returns their number. */
static size_t read_units(const struct reader *r, bool last, uint8_t units[UNITS_MAX][2])
{
	const uint64_t at = r->code + r->in->code;
	const bool is_inside = r->p->version->minor >= 11;
	struct cpython_text text = { 0 };
	uint64_t all, nr, skip;

	if (!is_inside && (!cpython_get_text(r->p, cpython_word(r->p, at), &text) || text.is_str))
		return 0;
	all = is_inside ? cpython_length(r->p, r->code) : text.length / 2;
	nr = all < UNITS_MAX ? all : UNITS_MAX;
	skip = last ? (all - nr) * 2 : 0;
	if (is_inside)
		return cpython_read(r->p, at + skip, units, nr * 2) ? nr : 0;
	memcpy(units, text.bytes + skip, nr * 2);
	return nr;
}

static bool add_name(struct reader *r, uint8_t argument)
{
	const bool has_flag = r->p->version->minor >= 12; /* bit 0: a method that is called next */

	if (!r->has_self || r->ret->nr == CPYTHON_GETTER_NAMES || (has_flag && (argument & 1)))
		return false;
	return cpython_item(r->p, member(r->p, r->code, "co_names"),
			    has_flag ? argument >> 1 : argument, &r->ret->names[r->ret->nr++]);
}

static bool take_constant(struct reader *r, uint8_t argument)
{
	r->has_constant = true;
	return !r->has_self &&
	       cpython_item(r->p, member(r->p, r->code, "co_consts"), argument, &r->ret->constant);
}

/* One instruction; false: it is none of those that are understood. */
static bool step(struct reader *r, const uint8_t unit[2])
{
	if (is_nothing(r->in, unit[0]))
		return true;
	if (r->has_constant)
		return false;
	if (is_load_attr(r->in, unit[0]))
		return add_name(r, unit[1]);
	if (unit[0] == r->in->load_const)
		return take_constant(r, unit[1]);
	if (unit[0] != r->in->load_fast || unit[1] || r->has_self)
		return false;
	r->has_self = true;
	return true;
}

static bool read_code(struct reader *r)
{
	uint8_t units[UNITS_MAX][2];
	const size_t nr = read_units(r, false, units);

	for (size_t i = 0; i < nr; i++) {
		if (units[i][0] == r->in->return_value)
			return r->has_constant || r->ret->nr;
		if (r->in->return_const != NO_OP && units[i][0] == r->in->return_const)
			return take_constant(r, units[i][1]);
		if (!step(r, units[i]))
			return false;
		if (is_load_attr(r->in, units[i][0]))
			i += r->in->caches;
	}
	return false;
}

/* False: the property's getter is no Python function. */
static bool open_code(struct reader *r, uint64_t property)
{
	const uint64_t function = member(r->p, property, "fget");
	const struct cpython_class *class;

	r->in = &instructions[r->p->version->minor];
	r->code = member(r->p, function, "__code__");
	class = cpython_class_at(r->p, r->code);
	return class && class->shape == CPYTHON_SHAPE_CODE;
}

bool cpython_read_getter(struct cpython *p, uint64_t property, struct cpython_getter *ret)
{
	struct reader r = { .p = p, .ret = ret };

	*ret = (struct cpython_getter){ 0 };
	return open_code(&r, property) && read_code(&r);
}

bool cpython_getter_ends(struct cpython *p, uint64_t property, const char *name)
{
	struct cpython_getter getter = { 0 };
	struct reader r = { .p = p, .ret = &getter, .has_self = true };
	uint8_t units[UNITS_MAX][2];
	size_t nr, load;

	if (!open_code(&r, property))
		return false;
	nr = read_units(&r, true, units);
	if (nr < r.in->caches + 3ul || units[nr - 1][0] != r.in->return_value)
		return false;
	load = nr - 2 - r.in->caches;
	return is_load_attr(r.in, units[load][0]) && units[load - 1][0] == r.in->load_fast &&
	       !units[load - 1][1] && add_name(&r, units[load][1]) &&
	       cpython_is_str(p, getter.names[0], name);
}
