/* SPDX-License-Identifier: MIT */
/*
 * Names of the words by which the interpreter itself holds objects: of its state, of static
 * objects, which are objects to a Python programmer although they are no blocks, and what it keeps
 * of static classes.
 */
#include "typing/cpython/interp.h"
#include "typing/cpython/names.h"
#include "typing/cpython/static.h"

/* From 3.12 on a static class has its dict and subclasses in the interpreter's state: { type,
 * flags, dict, subclasses, weak references }. */
#define STATE_SINCE    12u
#define STATE_DICT_OLD 16u /* 3.12 */
#define STATE_DICT     24u

static bool is_class(const struct cpython *p, uint64_t addr)
{
	const struct cpython_class *c = addr ? cpython_class_at(p, addr) : NULL;

	return c && c->shape == CPYTHON_SHAPE_TYPE;
}

/* What the state of a static class, of which the word at addr is a part, has there: ".__dict__";
 * NULL: it is no part of any. */
static const char *class_state_word(const struct cpython *p, uint64_t addr)
{
	const uint64_t dict = p->version->minor == STATE_SINCE ? STATE_DICT_OLD : STATE_DICT;

	if (p->version->minor < STATE_SINCE)
		return NULL;
	if (is_class(p, cpython_word(p, addr - dict)))
		return ".__dict__";
	return is_class(p, cpython_word(p, addr - dict - 8)) ? "->tp_subclasses" : NULL;
}

const char *cpython_static_word(struct cpython *p, uint64_t addr)
{
	const char *name = cpython_interp_word(p, addr);
	const struct cpython_static *object;

	if (name)
		return name;
	object = cpython_static_at(p, addr);
	if (object)
		return cpython_object_word(p, cpython_class_at(p, object->addr), object->addr,
					   addr);
	name = class_state_word(p, addr);
	return name ? heap_intern_name(p->heap, name) : NULL;
}

const char *cpython_static_holder(struct cpython *p, uint64_t addr)
{
	const struct cpython_static *object = cpython_static_at(p, addr);
	const struct cpython_class *c = object ? cpython_class_at(p, object->addr) : NULL;
	const char *member = cpython_interp_word(p, addr);

	if (member)
		return *member ? heap_intern_name(p->heap, CPYTHON_INTERP_TYPE) : member;
	if (!c && class_state_word(p, addr))
		c = cpython_find_class(p, p->type_type);
	return c ? c->name : NULL;
}
