/* SPDX-License-Identifier: MIT */
/*
 * The candidates of a site and the choice among them for a block of a given size.
 */
#include "typing/native/site.h"

#include <string.h>

#include "typing/native/debug.h"
#include "typing/native/family.h"
#include "typing/native/native.h"

#define WRAPPERS_MAX 16 /* frames that only hand the pointer on */

static void add_candidate(struct site_types *s, const struct ctype *type, enum flow_end end)
{
	for (unsigned int i = 0; i < s->nr; i++) {
		if (s->candidates[i].type == type)
			return;
	}
	if (s->nr < SITE_CANDIDATES_MAX)
		s->candidates[s->nr++] = (struct site_candidate){ type, end };
}

struct collector {
	struct native *native;
	struct site_types *types;
};

static void collect(void *arg, enum flow_end end, const struct ctype *pointer)
{
	const struct collector *c = arg;
	const struct ctype *target = ctype_complete(c->native, pointer->target);

	/* Plain char may be anything's beginning; who says unsigned char means bytes. */
	if (target->kind == CTYPE_CHAR && strcmp(target->name, "char") && end != FLOW_ARGUMENT &&
	    !c->types->bytes)
		c->types->bytes = target;
	if (target->kind != CTYPE_CHAR && target->kind != CTYPE_FUNCTION &&
	    target->kind != CTYPE_VOID)
		add_candidate(c->types, target, end);
}

/* Does the function that the call is in return a pointer to anything? */
static bool returns_any(struct native *n, uint64_t pc)
{
	const struct ctype *type = debug_find_return_type(n, pc);

	return type && ctype_is_pointer(type) && type->target->kind == CTYPE_VOID;
}

struct site_types *site_get_types(struct native *n, uint64_t return_address)
{
	uint64_t *slot = map_find_or_insert(&n->site_types, return_address, 0);

	if (*slot != MAP_EMPTY)
		return (struct site_types *)(uintptr_t)*slot;

	struct site_types *s = native_alloc(n, 1, sizeof(*s));
	struct collector c = { n, s };

	*slot = (uintptr_t)s;
	s->is_returned = flow_follow(n, return_address, collect, &c);
	s->is_any = s->is_returned && returns_any(n, return_address);
	return s;
}

/* What the value's own variable says is worth more than what a list's link or a function says,
 * which may mean its first member. */
static unsigned int rank_end(enum flow_end end)
{
	static const unsigned int ranks[] = { [FLOW_CONSTRUCTOR] = 5,
					      [FLOW_VARIABLE] = 4,
					      [FLOW_RETURN] = 3,
					      [FLOW_STORE] = 2,
					      [FLOW_ARGUMENT] = 1 };
	return ranks[end];
}

/* How well a candidate fits a block of that size; 0: not at all. */
static unsigned int rank_fit(enum ctype_fit fit, enum flow_end end, bool is_any)
{
	switch (fit) {
	case CTYPE_FIT_EXACT:
		return 3;
	case CTYPE_FIT_FLEXIBLE:
		return end == FLOW_ARGUMENT ? 0 : 2;
	case CTYPE_FIT_MANY:
		/* A function that makes anything has no array of what it knows of it. */
		return end == FLOW_ARGUMENT ? 0 : is_any ? 1 : 2;
	case CTYPE_FIT_TAIL:
		return end == FLOW_ARGUMENT ? 0 : 1;
	case CTYPE_FIT_NONE:
		return 0;
	}
	return 0;
}

struct choice {
	struct site_type *best;
	unsigned int fit, end; /* ranks of the best */
};

/* Of two that fit equally well the one that begins with the other says more. */
static bool is_better(struct native *n, const struct choice *c, const struct ctype *type,
		      unsigned int fit, unsigned int end)
{
	if (fit != c->fit)
		return fit > c->fit;
	if (type == c->best->type)
		return end > c->end;
	if (ctype_begins_with(n, type, c->best->type))
		return true;
	return end > c->end && !ctype_begins_with(n, c->best->type, type);
}

static void choose(struct native *n, struct site_types *s, uint64_t size, struct choice *choice)
{
	for (unsigned int i = 0; i < s->nr; i++) {
		const struct site_candidate *c = &s->candidates[i];
		const enum ctype_fit fit = family_find_fit(n, c->type, size);
		const unsigned int rank = rank_fit(fit, c->end, s->is_any);

		if (!rank || !is_better(n, choice, c->type, rank, rank_end(c->end)))
			continue;
		choice->fit = rank;
		choice->end = rank_end(c->end);
		*choice->best = (struct site_type){
			.type = c->type,
			.site = s,
			.fit = rank == 1 ? CTYPE_FIT_TAIL : fit,
			.is_sure = rank > 1 && c->end != FLOW_ARGUMENT,
		};
	}
}

bool site_find_type(struct native *n, uint32_t stack, uint64_t size, struct site_type *ret)
{
	size_t nr;
	const struct hc_stack_node *nodes = dump_stacks(n->heap->dump, &nr);
	struct choice choice = { .best = ret };

	for (int depth = 0; stack && depth < WRAPPERS_MAX; depth++) {
		struct site_types *s = site_get_types(n, nodes[stack].pc);

		choose(n, s, size, &choice);
		if (!s->is_returned && !choice.fit && s->bytes && size) {
			*ret = (struct site_type){ .type = s->bytes,
						   .site = s,
						   .fit = ctype_find_fit(n, s->bytes, size),
						   .is_bytes = true };
			return true;
		}
		if (!s->is_returned || (choice.fit && ret->fit == CTYPE_FIT_EXACT))
			break;
		stack = nodes[stack].parent;
	}
	return choice.fit;
}
