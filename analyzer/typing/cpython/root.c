/* SPDX-License-Identifier: MIT */
/*
 * Names of the words by which the interpreter itself holds objects: its static classes, which are
 * objects to a Python programmer although they are no blocks, and what it keeps of each of them.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "typing/cpython/interp.h"
#include "typing/cpython/names.h"

#define STATIC_TYPE_SIZE 416u /* PyTypeObject */

/* From 3.12 on a static class has its dict and subclasses in the interpreter's state: { type,
 * flags, dict, subclasses, weak references }. */
#define STATE_SINCE    12u
#define STATE_DICT_OLD 16u /* 3.12 */
#define STATE_DICT     24u

static int compare_addresses(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void list_static_classes(struct cpython *p, struct cpython_names *names)
{
	names->statics = xcalloc(p->nr_classes + 1ul, sizeof(*names->statics));
	for (uint32_t i = 0; i < p->nr_classes; i++)
		if (!p->classes[i].is_heap)
			names->statics[names->nr_statics++] = p->classes[i].addr;
	qsort(names->statics, names->nr_statics, sizeof(*names->statics), compare_addresses);
}

/* The last static class at or before addr; 0: none. */
static uint64_t find_static_class(const struct cpython_names *names, uint64_t addr)
{
	size_t low = 0, high = names->nr_statics;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (names->statics[middle] <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? names->statics[low - 1] : 0;
}

static bool is_class(const struct cpython *p, uint64_t addr)
{
	const struct cpython_class *c = addr ? cpython_class_at(p, addr) : NULL;

	return c && c->shape == CPYTHON_SHAPE_TYPE;
}

const char *cpython_static_word(struct cpython *p, uint64_t addr)
{
	struct cpython_names *names = p->names;
	const char *member = cpython_interp_word(p, addr);

	if (member)
		return member;
	if (!names->statics)
		list_static_classes(p, names);

	const uint64_t type = find_static_class(names, addr);
	const struct cpython_class *metaclass =
		type && addr - type < STATIC_TYPE_SIZE ? cpython_class_at(p, type) : NULL;

	if (metaclass)
		return cpython_member_name(p, metaclass, addr - type);
	if (p->version->minor < STATE_SINCE)
		return NULL;

	const uint64_t dict = p->version->minor == STATE_SINCE ? STATE_DICT_OLD : STATE_DICT;

	if (is_class(p, cpython_word(p, addr - dict)))
		return heap_intern_name(p->heap, ".__dict__");
	if (is_class(p, cpython_word(p, addr - dict - 8)))
		return heap_intern_name(p->heap, "->tp_subclasses");
	return NULL;
}
