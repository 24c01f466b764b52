/* SPDX-License-Identifier: MIT */
/*
 * Locals and parameters, by the place that a pc finds them in.
 */
#include <dwarf.h>

#include "base/mem.h"
#include "heap/frame.h"
#include "heap/symbol.h"
#include "typing/native/debug.h"
#include "typing/native/unit.h"

#define SCOPES_MAX    64
#define DEPTH_MAX     64
#define REGISTER_BP   6
#define NUM_REGISTERS 17

static struct place memory_place(uint8_t regno, int64_t offset)
{
	return (struct place){ .is_memory = true, .regno = regno, .offset = offset };
}

/* What the canonical frame address is at pc: a register and a distance. */
static bool find_cfa(struct native *n, uint64_t pc, struct place *ret)
{
	uint64_t bias;
	Dwarf_CFI *cfi = symbols_find_cfi(n->heap->symbols, pc, &bias);
	_cleanup_free_ Dwarf_Frame *frame = NULL;
	Dwarf_Op *ops;
	size_t nr;

	if (!cfi || dwarf_cfi_addrframe(cfi, pc - bias, &frame) ||
	    dwarf_frame_cfa(frame, &ops, &nr) || nr != 1)
		return false;
	if (ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg31)
		*ret = memory_place(ops[0].atom - DW_OP_breg0, ops[0].number);
	else if (ops[0].atom == DW_OP_bregx && ops[0].number < NUM_REGISTERS)
		*ret = memory_place(ops[0].number, ops[0].number2);
	else
		return false;
	return true;
}

/* Scopes that hold pc, outermost (the function) first. */
struct scopes {
	struct debug *debug;
	uint64_t pc;
	Dwarf_Die dies[SCOPES_MAX];
	unsigned int nr;
	struct place cfa;
	bool has_cfa;
	bool is_based_on_bp; /* the frame base is rbp itself */
};

static bool scopes_descend(struct scopes *s)
{
	Dwarf_Die child;

	if (s->nr == SCOPES_MAX || dwarf_child(&s->dies[s->nr - 1], &child))
		return false;
	do {
		const int tag = dwarf_tag(&child);

		if ((tag == DW_TAG_lexical_block || tag == DW_TAG_inlined_subroutine) &&
		    dwarf_haspc(&child, s->pc - s->debug->bias) == 1) {
			s->dies[s->nr++] = child;
			return true;
		}
	} while (!dwarf_siblingof(&child, &child));
	return false;
}

static bool scopes_find(struct native *n, uint64_t pc, struct scopes *s)
{
	Dwarf_Attribute attr;
	Dwarf_Op *ops;
	size_t nr;

	*s = (struct scopes){ .debug = debug_at(n, pc), .pc = pc };
	if (!s->debug || !debug_find_function_die(s->debug, pc, &s->dies[0]))
		return false;
	s->nr = 1;
	while (scopes_descend(s))
		;
	s->has_cfa = find_cfa(n, pc, &s->cfa);
	if (dwarf_attr_integrate(&s->dies[0], DW_AT_frame_base, &attr) &&
	    !dwarf_getlocation(&attr, &ops, &nr) && nr == 1)
		s->is_based_on_bp = ops[0].atom == DW_OP_reg0 + REGISTER_BP;
	return true;
}

static bool place_from_op(const struct scopes *s, const Dwarf_Op *op, struct place *ret)
{
	if (op->atom >= DW_OP_reg0 && op->atom <= DW_OP_reg31)
		*ret = (struct place){ .regno = op->atom - DW_OP_reg0 };
	else if (op->atom >= DW_OP_breg0 && op->atom <= DW_OP_breg31)
		*ret = memory_place(op->atom - DW_OP_breg0, op->number);
	else if (op->atom == DW_OP_fbreg && s->is_based_on_bp)
		*ret = memory_place(REGISTER_BP, op->number);
	else if (op->atom == DW_OP_fbreg && s->has_cfa)
		*ret = memory_place(s->cfa.regno, s->cfa.offset + (int64_t)op->number);
	else
		return false;
	return true;
}

static bool place_from_ops(const struct scopes *s, const Dwarf_Op *ops, size_t nr,
			   struct place *ret)
{
	if (nr == 2 && ops[1].atom == DW_OP_stack_value && ops[0].atom >= DW_OP_breg0 &&
	    ops[0].atom <= DW_OP_breg31) {
		*ret = (struct place){ .is_sum = true,
				       .regno = ops[0].atom - DW_OP_breg0,
				       .offset = ops[0].number };
		return true;
	}
	return nr == 1 && place_from_op(s, &ops[0], ret);
}

static bool is_variable(Dwarf_Die *die)
{
	const int tag = dwarf_tag(die);

	return tag == DW_TAG_variable || tag == DW_TAG_formal_parameter;
}

/* Where a variable or parameter is when the code is at the scopes' pc. */
static bool find_place(const struct scopes *s, Dwarf_Die *die, struct place *ret)
{
	Dwarf_Attribute attr;
	Dwarf_Op *ops;
	size_t nr;

	return is_variable(die) && dwarf_attr(die, DW_AT_location, &attr) &&
	       dwarf_getlocation_addr(&attr, s->pc - s->debug->bias, &ops, &nr, 1) == 1 &&
	       place_from_ops(s, ops, nr, ret);
}

/* The same of a variable that has a place for no instruction, only right before the one at pc. */
static bool find_place_before(const struct scopes *s, Dwarf_Die *die, struct place *ret)
{
	const Dwarf_Addr pc = s->pc - s->debug->bias;
	Dwarf_Addr base, start, end;
	Dwarf_Attribute attr;
	ptrdiff_t at = 0;
	Dwarf_Op *ops;
	size_t nr;

	if (!is_variable(die) || !dwarf_attr(die, DW_AT_location, &attr))
		return false;
	while ((at = dwarf_getlocations(&attr, at, &base, &start, &end, &ops, &nr)) > 0) {
		if (start == pc && end == pc)
			return place_from_ops(s, ops, nr, ret);
	}
	return false;
}

/* Is it a function that was inlined right before the instruction at pc, and has none of its own: a
 * constructor that has nothing to do? */
static bool is_before(const struct scopes *s, Dwarf_Die *die)
{
	const Dwarf_Addr pc = s->pc - s->debug->bias;
	Dwarf_Addr start, end;

	return dwarf_tag(die) == DW_TAG_inlined_subroutine && !dwarf_lowpc(die, &start) &&
	       start == pc && !dwarf_highpc(die, &end) && end == pc;
}

/* Calls fn for each variable that has a place, innermost scope first. */
typedef void place_fn(void *arg, struct scopes *s, Dwarf_Die *die, const struct place *place);

static void each_before(struct scopes *s, Dwarf_Die *scope, place_fn *fn, void *arg, int depth)
{
	Dwarf_Die child;
	struct place place;

	if (depth > DEPTH_MAX || dwarf_child(scope, &child))
		return;
	do {
		if (find_place_before(s, &child, &place))
			fn(arg, s, &child, &place);
		else if (is_before(s, &child))
			each_before(s, &child, fn, arg, depth + 1);
	} while (!dwarf_siblingof(&child, &child));
}

static void scopes_each(struct scopes *s, place_fn *fn, void *arg)
{
	for (unsigned int i = s->nr; i-- > 0;) {
		Dwarf_Die child;
		struct place place;

		if (dwarf_child(&s->dies[i], &child))
			continue;
		do {
			if (find_place(s, &child, &place))
				fn(arg, s, &child, &place);
			else if (is_before(s, &child))
				each_before(s, &child, fn, arg, 0);
		} while (!dwarf_siblingof(&child, &child));
	}
}

struct type_search {
	const struct place *place;
	const struct ctype **types;
	unsigned int nr, max;
};

static void collect_type(void *arg, struct scopes *s, Dwarf_Die *die, const struct place *place)
{
	struct type_search *search = arg;
	const struct place *wanted = search->place;

	if (place->is_memory == wanted->is_memory && place->is_sum == wanted->is_sum &&
	    place->regno == wanted->regno && place->offset == wanted->offset &&
	    search->nr < search->max)
		search->types[search->nr++] = dwarf_type_of(s->debug, die);
}

unsigned int debug_find_types_in(struct native *n, uint64_t pc, const struct place *place,
				 const struct ctype **types, unsigned int max)
{
	struct type_search search = { place, types, 0, max };
	struct scopes s;

	if (scopes_find(n, pc, &s))
		scopes_each(&s, collect_type, &search);
	return search.nr;
}

/* What is asked of a frame holds for every frame that goes on there. */
struct local_search {
	struct native *native;
	struct fact_maker fact;
};

static void note_local(void *arg, struct scopes *s, Dwarf_Die *die, const struct place *place)
{
	struct local_search *search = arg;
	uint64_t distance;

	if (!place->is_memory || !s->has_cfa)
		return;
	/* A frame's end is the canonical frame address; rbp, where it is not what that is counted
	 * from, was pushed right behind the return address. */
	if (place->regno == s->cfa.regno)
		distance = (uint64_t)place->offset - (uint64_t)s->cfa.offset;
	else if (place->regno == REGISTER_BP && s->is_based_on_bp)
		distance = (uint64_t)place->offset - 16;
	else
		return;
	fact_maker_add(&search->fact,
		       &(struct fact_item){
			       .name = heap_intern_name(search->native->heap, dwarf_name(die)),
			       .number = distance,
			       .type = dwarf_type_of(s->debug, die),
		       });
}

static const struct fact *find_locals(struct native *n, struct debug *d, uint64_t pc)
{
	const uint64_t place = pc - d->load_bias;
	const struct fact *known = facts_find(&d->facts, FACT_LOCALS, place);
	struct local_search search = { n, { .head = { .kind = FACT_LOCALS, .place = place } } };
	struct scopes s;

	if (known)
		return known;
	search.fact.head.name = heap_intern_name(n->heap, "");
	if (scopes_find(n, pc, &s)) {
		search.fact.head.name = heap_intern_name(n->heap, dwarf_name(&s.dies[0]));
		scopes_each(&s, note_local, &search);
	}
	return debug_add_fact(d, &search.fact);
}

void debug_each_local(struct native *n, const struct frame *f, variable_fn *fn, void *arg)
{
	struct debug *d = debug_at(n, f->code);
	const struct fact *locals = d ? find_locals(n, d, f->code) : NULL;

	for (uint32_t i = 0; locals && i < locals->nr; i++) {
		const struct fact_item *item = &locals->items[i];
		const struct variable v = { item->name, locals->name, f->end + item->number,
					    item->type };

		fn(arg, &v);
	}
}
