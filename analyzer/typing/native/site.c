/* SPDX-License-Identifier: MIT */
/*
 * The candidates of a site and the choice among them for a block of a given size.
 */
#include "typing/native/site.h"

#include <string.h>

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

	if (target->kind != CTYPE_CHAR && target->kind != CTYPE_FUNCTION &&
	    target->kind != CTYPE_VOID)
		add_candidate(c->types, target, end);
}

const struct site_types *site_get_types(struct native *n, uint64_t return_address)
{
	uint64_t *slot = map_find_or_insert(&n->site_types, return_address, 0);

	if (*slot != MAP_EMPTY)
		return (const struct site_types *)(uintptr_t)*slot;

	struct site_types *s = native_alloc(n, 1, sizeof(*s));
	struct collector c = { n, s };

	*slot = (uintptr_t)s;
	s->is_returned = flow_follow(n, return_address, collect, &c);
	return s;
}

/* How good a candidate is for a block of that size; 0: not at all.  What the value's own variable
 * says is worth more than what a list's link or a function says, which may mean its first member.
 */
static unsigned int rank(struct native *n, const struct site_candidate *c, uint64_t size)
{
	static const unsigned int by_end[] = {
		[FLOW_VARIABLE] = 4, [FLOW_RETURN] = 3, [FLOW_STORE] = 2, [FLOW_ARGUMENT] = 1
	};
	const unsigned int end = by_end[c->end];

	switch (ctype_find_fit(n, c->type, size)) {
	case CTYPE_FIT_EXACT:
		return 30 + end;
	case CTYPE_FIT_FLEXIBLE:
		return c->end == FLOW_ARGUMENT ? 0 : 20 + end;
	case CTYPE_FIT_MANY:
		return c->end == FLOW_ARGUMENT ? 0 : 20 + end;
	case CTYPE_FIT_TAIL:
		return c->end == FLOW_ARGUMENT ? 0 : 10 + end;
	case CTYPE_FIT_NONE:
		return 0;
	}
	return 0;
}

/* Takes a better candidate than the one of rank `best`, and returns its rank. */
static unsigned int choose(struct native *n, const struct site_types *s, uint64_t size,
			   unsigned int best, struct site_type *ret)
{

	for (unsigned int i = 0; i < s->nr; i++) {
		const struct ctype *type = s->candidates[i].type;
		const unsigned int r = rank(n, &s->candidates[i], size);

		if (!r || r < best || (r == best && !ctype_begins_with(n, type, ret->type)))
			continue;
		best = r;
		ret->type = type;
		ret->fit = ctype_find_fit(n, type, size);
		ret->is_sure = ret->fit != CTYPE_FIT_TAIL && s->candidates[i].end != FLOW_ARGUMENT;
	}
	return best;
}

bool site_find_type(struct native *n, uint32_t stack, uint64_t size, struct site_type *ret)
{
	size_t nr;
	const struct hc_stack_node *nodes = dump_stacks(n->heap->dump, &nr);
	unsigned int best = 0;

	for (int depth = 0; stack && depth < WRAPPERS_MAX; depth++) {
		const struct site_types *s = site_get_types(n, nodes[stack].pc);

		best = choose(n, s, size, best, ret);
		if (!s->is_returned || (best && ret->fit == CTYPE_FIT_EXACT))
			break;
		stack = nodes[stack].parent;
	}
	return best;
}
