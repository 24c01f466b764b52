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

/* Only the C sources call it that. */
static bool is_of_c(const char *relation)
{
	return !strncmp(relation, "->", 2);
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

/* Of an object of Python that has the reference in its own block. */
static enum relation_weight weigh_member(struct cpython *p, const struct cpython_class *c,
					 uint64_t offset, const char *relation)
{
	if (!(c->flags & CPYTHON_FLAG_HAVE_GC) && c->shape != CPYTHON_SHAPE_CODE)
		return RELATION_QUIET;
	if (is_unnamed(relation))
		return RELATION_NAMELESS;
	if (cpython_is_quiet_member(p, c, offset))
		return is_of_c(relation) ? RELATION_NAMELESS : RELATION_QUIET;
	return is_of_c(relation) && !cpython_member_name(p, c, offset) ? RELATION_NAMELESS
								       : RELATION_TOLD;
}

enum relation_weight cpython_weigh(const struct heap *h, node_id from, uint64_t offset,
				   const char *relation)
{
	struct cpython *p = h->cpython;
	const struct cpython_class *c;

	if (is_on_value_stack(relation))
		return RELATION_QUIET;
	if (node_is_root(h, from) || h->owner[from] == NODE_NONE)
		return is_unnamed(relation) ? RELATION_QUIET : RELATION_TOLD;
	if (p->table[from] == CPYTHON_TABLE_KEYS)
		return is_quiet_key(p, from, offset) ? RELATION_QUIET : RELATION_TOLD;
	if (p->table[from])
		return is_of_c(relation) || is_unnamed(relation) ? RELATION_NAMELESS
								 : RELATION_TOLD;
	c = cpython_class_of(p, from);
	/* C's memory, whose words debug information may name: tables of traced addresses. */
	if (!c)
		return from != p->interp_block || is_unnamed(relation) ? RELATION_QUIET
								       : RELATION_TOLD;
	if (offset < h->head[from])
		return RELATION_TOLD;
	return weigh_member(p, c, offset - h->head[from], relation);
}
