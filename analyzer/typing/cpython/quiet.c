/* SPDX-License-Identifier: MIT */
/*
 * References to Python's objects that are told only of those that have no other: what Python's own
 * collector does not visit, and what only the C sources know of.  Names in thousands of dicts and
 * descriptors, caches and words on stacks would hide what holds an object for a Python programmer,
 * and Guppy does not see them either.  One thread.
 */
#include "typing/cpython/names.h"

/* Nothing says what the word is: of a block without a type, of C's variables, stacks, registers. */
static bool is_unnamed(const char *relation)
{
	return !strncmp(relation, ".+0x", 4) || !strncmp(relation, "::", 2) || *relation == '<' ||
	       !strncmp(relation, "[*]", 3);
}

/* A running expression uses it. */
static bool is_on_value_stack(const char *relation)
{
	return !strncmp(relation, "->f_valuestack", 14);
}

/* Is it a key of a dict all of whose keys are str? */
static bool is_quiet_key(struct cpython *p, node_id from, uint64_t offset)
{
	const uint64_t addr = dump_blocks(p->dump)->addr[from];
	struct cpython_items items;

	cpython_keys_open(p, addr, 0, &items);
	return items.keys && (addr + offset - items.entries) % items.stride == items.key_offset &&
	       cpython_has_str_keys(p, &items);
}

bool cpython_is_quiet(const struct heap *h, node_id from, uint64_t offset, const char *relation)
{
	struct cpython *p = h->cpython;
	const bool is_of_c = !strncmp(relation, "->", 2);

	if (is_unnamed(relation) || is_on_value_stack(relation))
		return true;
	if (node_is_root(h, from) || h->owner[from] == NODE_NONE)
		return false;
	if (p->table[from] == CPYTHON_TABLE_KEYS)
		return is_quiet_key(p, from, offset);
	if (p->table[from])
		return is_of_c;

	const struct cpython_class *c = cpython_class_of(p, from);

	if (!c)
		return false;
	if (!(c->flags & CPYTHON_FLAG_HAVE_GC) && c->shape != CPYTHON_SHAPE_CODE)
		return true;
	if (offset < h->head[from])
		return false;
	offset -= h->head[from];
	return cpython_is_quiet_member(p, c, offset) ||
	       (is_of_c && !cpython_member_name(p, c, offset));
}
