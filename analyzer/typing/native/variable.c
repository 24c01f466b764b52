/* SPDX-License-Identifier: MIT */
/*
 * Variables: globals and static locals by address, locals and parameters by the place that a pc
 * finds them in, functions.
 */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/sorted.h"
#include "heap/frame.h"
#include "heap/symbol.h"
#include "typing/native/debug.h"
#include "typing/native/unit.h"
#include "typing/native/walk.h"

#define SCOPES_MAX    64
#define DEPTH_MAX     64
#define REGISTER_BP   6
#define NUM_REGISTERS 17

/* ---- globals ---- */

static bool fixed_address(struct debug *d, Dwarf_Die *die, uint64_t *ret)
{
	Dwarf_Attribute attr, address;
	Dwarf_Op *ops;
	size_t nr;
	Dwarf_Addr addr;

	if (!dwarf_attr(die, DW_AT_location, &attr) || dwarf_getlocation(&attr, &ops, &nr) ||
	    nr != 1)
		return false;
	if (ops[0].atom == DW_OP_addr)
		addr = ops[0].number;
	else if (dwarf_getlocation_attr(&attr, ops, &address) || dwarf_formaddr(&address, &addr))
		return false;
	*ret = addr + d->bias;
	return addr;
}

static const char *variable_name(struct native *n, Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *mangled =
		dwarf_formstring(dwarf_attr_integrate(die, DW_AT_linkage_name, &attr));

	if (mangled)
		return symbols_demangle(n->heap->symbols, mangled);
	return heap_intern_name(n->heap, dwarf_name(die));
}

struct global_search {
	struct debug *debug;
	struct fact_maker fact;
};

static void add_global(struct global_search *s, Dwarf_Die *die, const char *scope)
{
	struct debug *d = s->debug;
	uint64_t addr;

	if (!fixed_address(d, die, &addr))
		return;

	const struct fact_item item = { variable_name(d->native, die), scope, addr - d->load_bias,
					dwarf_type_of(d, die) };

	if (*item.name)
		fact_maker_add(&s->fact, &item);
}

/* scope: the name of the function, of its static variables. */
static bool note_global(void *arg, Dwarf_Die *die, void **scope)
{
	struct global_search *s = arg;

	switch (dwarf_tag(die)) {
	case DW_TAG_variable:
		add_global(s, die, *scope);
		return false;
	case DW_TAG_subprogram:
		if (dwarf_haschildren(die) <= 0)
			return false;
		*scope = (void *)(uintptr_t)heap_intern_name(s->debug->native->heap,
							     dwarf_name(die));
		return true;
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_lexical_block:
		return true;
	default:
		return false;
	}
}

static int compare_globals(const void *a, const void *b)
{
	const struct fact_item *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return strcmp(x->name, y->name);
}

static void sort_globals(struct fact_maker *m)
{
	size_t nr = 0;

	if (m->nr)
		qsort(m->items, m->nr, sizeof(*m->items), compare_globals);
	for (size_t i = 0; i < m->nr; i++) {
		if (!nr || m->items[nr - 1].number != m->items[i].number)
			m->items[nr++] = m->items[i];
	}
	m->nr = nr;
}

static const struct fact *find_globals(struct debug *d)
{
	const struct fact *known = facts_find(&d->facts, FACT_GLOBALS, 0);
	struct global_search s = { d, { .head.kind = FACT_GLOBALS } };
	const char *no_function = heap_intern_name(d->native->heap, "");

	if (known)
		return known;
	debug_need_dwarf(d);
	for (size_t i = 0; i < d->nr_units; i++) {
		walk_unit(&d->units[i].die, note_global, &s, (void *)(uintptr_t)no_function);
		debug_progress(d, i + 1, d->nr_units);
	}
	sort_globals(&s.fact);
	return debug_add_fact(d, &s.fact);
}

static struct variable global_variable(const struct debug *d, const struct fact_item *item)
{
	return (struct variable){ item->name, item->scope, item->number + d->load_bias,
				  item->type };
}

void debug_each_global(struct native *n, uint32_t module, variable_fn *fn, void *arg)
{
	struct debug *d = debug_get(n, module);
	const struct fact *globals = find_globals(d);

	for (uint32_t i = 0; i < globals->nr; i++) {
		const struct variable v = global_variable(d, &globals->items[i]);

		fn(arg, &v);
	}
}

bool debug_find_global(struct native *n, uint64_t addr, struct variable *ret)
{
	struct debug *d = debug_at(n, addr);

	if (!d)
		return false;

	const struct fact *globals = find_globals(d);
	const size_t after = SORTED_COUNT(globals->items, globals->nr, number, addr - d->load_bias);

	if (!after)
		return false;
	*ret = global_variable(d, &globals->items[after - 1]);

	const uint64_t size = ctype_complete(n, ret->type)->size;

	return addr == ret->addr || addr - ret->addr < size;
}

/* ---- functions ---- */

const struct ctype *debug_find_return_type(struct native *n, uint64_t pc)
{
	struct debug *d = debug_at(n, pc);
	Dwarf_Attribute attr;
	Dwarf_Die die;

	if (!d)
		return NULL;

	struct fact_maker m = { .head = { .kind = FACT_RETURN, .place = pc - d->load_bias } };
	const struct fact *known = facts_find(&d->facts, FACT_RETURN, m.head.place);

	if (!known) {
		if (debug_find_function_die(d, pc, &die) &&
		    dwarf_attr_integrate(&die, DW_AT_type, &attr))
			fact_maker_add(&m, &(struct fact_item){ .type = dwarf_type_of(d, &die) });
		known = debug_add_fact(d, &m);
	}
	return known->nr ? known->items[0].type : NULL;
}

/* The function that begins there. */
static bool find_entry(struct native *n, uint64_t entry, struct debug **ret, Dwarf_Die *die)
{
	Dwarf_Addr start;

	*ret = debug_at(n, entry);
	return *ret && debug_find_function_die(*ret, entry, die) && !dwarf_entrypc(die, &start) &&
	       start + (*ret)->bias == entry;
}

const struct ctype *debug_find_parameter(struct native *n, uint64_t entry, unsigned int index)
{
	struct debug *d;
	Dwarf_Die die, child;

	if (!find_entry(n, entry, &d, &die) || dwarf_child(&die, &child))
		return NULL;
	do {
		if (dwarf_tag(&child) == DW_TAG_formal_parameter && !index--)
			return dwarf_type_of(d, &child);
	} while (!dwarf_siblingof(&child, &child));
	return NULL;
}

/* "Page" of "web::Page<web::Site>": where it begins, and its length. */
static const char *last_of_name(const char *name, size_t *len)
{
	const char *start = name;
	const size_t before = strcspn(name, "<");

	for (const char *p = name; p + 1 < name + before; p++) {
		if (p[0] == ':' && p[1] == ':')
			start = p + 2;
	}
	*len = name + before - start;
	return start;
}

bool debug_is_constructor(struct native *n, uint64_t entry)
{
	const struct ctype *self = debug_find_parameter(n, entry, 0);
	struct debug *d;
	Dwarf_Die die;
	size_t len;

	if (!self || !ctype_is_pointer(self) || !(self->target->flags & CTYPE_CXX) ||
	    !find_entry(n, entry, &d, &die))
		return false;

	const char *class = last_of_name(self->target->name, &len), *name = dwarf_name(&die);

	return len && !strncmp(name, class, len) && (!name[len] || name[len] == '<');
}

/* ---- locals ---- */

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
