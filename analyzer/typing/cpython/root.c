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

const char *cpython_static_word(struct cpython *p, uint64_t addr)
{
	const char *member = cpython_interp_word(p, addr);
	const struct cpython_static *object;

	if (member)
		return member;
	object = cpython_static_at(p, addr);
	if (object)
		return cpython_object_word(p, cpython_class_at(p, object->addr), object->addr,
					   addr);
	if (p->version->minor < STATE_SINCE)
		return NULL;

	const uint64_t dict = p->version->minor == STATE_SINCE ? STATE_DICT_OLD : STATE_DICT;

	if (is_class(p, cpython_word(p, addr - dict)))
		return heap_intern_name(p->heap, ".__dict__");
	if (is_class(p, cpython_word(p, addr - dict - 8)))
		return heap_intern_name(p->heap, "->tp_subclasses");
	return NULL;
}
