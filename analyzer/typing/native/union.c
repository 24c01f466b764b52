/* SPDX-License-Identifier: MIT */
/*
 * The pointers that a word of a union may be, through structs, arrays and unions in it.
 */
#include "typing/native/union.h"

#define DEPTH_MAX    16
#define OFFSET_SHIFT 48

struct search {
	struct native *native;
	uint64_t size;
	const struct ctype *found;
	bool is_ambiguous;
};

/* Of two targets of one size the one that begins with the other says more. */
static void consider(struct search *s, const struct ctype *target)
{
	target = ctype_complete(s->native, target);
	if (target == s->found || !ctype_is_record(target))
		return;
	switch (ctype_find_fit(s->native, target, s->size)) {
	case CTYPE_FIT_EXACT:
	case CTYPE_FIT_FLEXIBLE:
		break;
	case CTYPE_FIT_MANY:
	case CTYPE_FIT_TAIL:
	case CTYPE_FIT_NONE:
		return;
	}
	if (s->found && ctype_begins_with(s->native, s->found, target))
		return;
	if (s->found && !ctype_begins_with(s->native, target, s->found))
		s->is_ambiguous = true;
	s->found = target;
}

static void search_word(struct search *s, const struct ctype *t, uint64_t offset, int depth)
{
	uint64_t base;

	if (depth > DEPTH_MAX)
		return;
	t = ctype_find_at(s->native, t, offset, &base);
	if (!t)
		return;
	if (ctype_is_pointer(t))
		consider(s, t->target);
	if (t->kind != CTYPE_UNION)
		return;
	offset -= base;
	for (uint32_t i = 0; i < t->nr_members; i++) {
		const struct ctype_member *m = &t->members[i];

		if (m->offset <= offset)
			search_word(s, m->type, offset - m->offset, depth + 1);
	}
}

const struct ctype *union_find_target(struct native *n, const struct ctype *t, uint64_t offset,
				      uint64_t size)
{
	const uint64_t key = offset << OFFSET_SHIFT | size;
	uint64_t known = MAP_EMPTY;
	struct search s = { .native = n, .size = size };

	if (offset >> (64 - OFFSET_SHIFT) || size >> OFFSET_SHIFT)
		return NULL; /* nobody has such unions */
	known = map_find(&n->union_targets, (uintptr_t)t, key);
	if (known != MAP_EMPTY)
		return (const struct ctype *)(uintptr_t)known;
	search_word(&s, t, offset, 0);
	if (s.is_ambiguous)
		s.found = NULL;
	*map_find_or_insert(&n->union_targets, (uintptr_t)t, key) = (uintptr_t)s.found;
	return s.found;
}
