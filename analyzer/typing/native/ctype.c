/* SPDX-License-Identifier: MIT */
/*
 * What follows from types alone: pointers to and arrays of them, what lies where, what fits in a
 * block.
 */
#include "typing/native/ctype.h"

#include <string.h>

#include "base/intern.h"
#include "base/mem.h"
#include "typing/native/native.h"

#define DEPTH_MAX 32 /* members in members; damaged debug information may nest for ever */

static const char *pointer_name(struct native *n, const struct ctype *target)
{
	const char *last = target->name + strlen(target->name);
	_cleanup_free_ char *name = NULL;

	if (target->kind == CTYPE_FUNCTION)
		return heap_intern_name(n->heap, "function *");
	name = xasprintf("%s%s*", target->name, last > target->name && last[-1] == '*' ? "" : " ");
	return heap_intern_name(n->heap, name);
}

const struct ctype *ctype_get_pointer(struct native *n, const struct ctype *target)
{
	if (ctype_is_unknown(target))
		return target;

	uint64_t *slot = map_find_or_insert(&n->pointers, (uintptr_t)target, 0);

	if (*slot != MAP_EMPTY)
		return (const struct ctype *)(uintptr_t)*slot;

	struct ctype *t = native_alloc(n, 1, sizeof(*t));

	*slot = (uintptr_t)t;
	t->kind = CTYPE_POINTER;
	t->size = 8;
	t->target = target;
	t->is_complete = true;
	t->name = pointer_name(n, target);
	return t;
}

const struct ctype *ctype_get_array(struct native *n, const struct ctype *element, uint64_t nr)
{
	if (ctype_is_unknown(element))
		return element;

	uint64_t *slot = map_find_or_insert(&n->arrays, (uintptr_t)element, nr);

	if (*slot != MAP_EMPTY)
		return (const struct ctype *)(uintptr_t)*slot;

	struct ctype *t = native_alloc(n, 1, sizeof(*t));
	_cleanup_free_ char *name =
		nr ? xasprintf("%s[%lu]", element->name, nr) : xasprintf("%s[]", element->name);

	*slot = (uintptr_t)t;
	t->kind = CTYPE_ARRAY;
	if (nr && element->size && nr <= UINT64_MAX / element->size)
		t->size = nr * element->size;
	t->target = element;
	t->nr_elements = nr;
	t->is_complete = true;
	t->name = heap_intern_name(n->heap, name);
	return t;
}

const struct ctype *ctype_get_counted(struct native *n, const struct ctype *element, uint64_t nr)
{
	uint64_t *slot = map_find_or_insert(&n->counted, (uintptr_t)element, nr);

	if (*slot != MAP_EMPTY)
		return (const struct ctype *)(uintptr_t)*slot;

	struct ctype *t = native_alloc(n, 1, sizeof(*t));
	struct ctype_member *elements = native_alloc(n, 1, sizeof(*elements));

	*slot = (uintptr_t)t;
	*elements = (struct ctype_member){ .name = heap_intern_name(n->heap, ""),
					   .type = ctype_get_array(n, element, nr),
					   .offset = sizeof(uint64_t) };
	t->kind = CTYPE_STRUCT;
	t->name = ctype_get_array(n, element, 0)->name;
	t->size = elements->offset + elements->type->size;
	t->is_complete = true;
	t->members = elements;
	t->nr_members = 1;
	return t;
}

bool ctype_is_scalar(const struct ctype *t)
{
	for (int depth = 0; depth < DEPTH_MAX && t->kind == CTYPE_ARRAY; depth++)
		t = t->target;
	switch (t->kind) {
	case CTYPE_BOOL:
	case CTYPE_CHAR:
	case CTYPE_INTEGER:
	case CTYPE_FLOAT:
	case CTYPE_ENUM:
		return true;
	case CTYPE_VOID:
	case CTYPE_POINTER:
	case CTYPE_REFERENCE:
	case CTYPE_MEMBER_POINTER:
	case CTYPE_FUNCTION:
	case CTYPE_STRUCT:
	case CTYPE_UNION:
	case CTYPE_ARRAY:
		return false;
	}
	return false;
}

static struct ctype *ctype_new(struct native *n, enum ctype_kind kind, const char *name,
			       uint64_t size)
{
	struct ctype *t = native_alloc(n, 1, sizeof(*t));

	t->kind = kind;
	t->name = heap_intern_name(n->heap, name);
	t->size = size;
	return t;
}

const struct ctype *ctype_get_scalar(struct native *n, enum ctype_kind kind, const char *name,
				     uint64_t size, uint32_t flags)
{
	uint64_t *slot = map_find_or_insert(&n->types, (uintptr_t)heap_intern_name(n->heap, name),
					    size << 8 | kind);

	if (*slot == MAP_EMPTY) {
		struct ctype *t = ctype_new(n, kind, name, size);

		*slot = (uintptr_t)t;
		t->flags = flags;
		t->is_complete = true;
	}
	return (const struct ctype *)(uintptr_t)*slot;
}

const struct ctype *ctype_get_reference(struct native *n, const struct ctype *target)
{
	if (ctype_is_unknown(target))
		return target;

	_cleanup_free_ char *name = xasprintf("%s &", target->name);
	uint64_t *slot = map_find_or_insert(&n->types, (uintptr_t)heap_intern_name(n->heap, name),
					    (uintptr_t)target);

	if (*slot == MAP_EMPTY) {
		struct ctype *t = ctype_new(n, CTYPE_REFERENCE, name, 8);

		*slot = (uintptr_t)t;
		t->target = target;
		t->is_complete = true;
	}
	return (const struct ctype *)(uintptr_t)*slot;
}

struct ctype *ctype_find_record(struct native *n, const char *name, uint64_t layout)
{
	const uint64_t known = map_find(&n->types, (uintptr_t)name, layout);

	return known == MAP_EMPTY ? NULL : (struct ctype *)(uintptr_t)known;
}

struct ctype *ctype_add_record(struct native *n, enum ctype_kind kind, const char *name,
			       uint64_t size, uint64_t layout)
{
	struct ctype *t = ctype_new(n, kind, name, size);

	*map_find_or_insert(&n->types, (uintptr_t)name, layout) = (uintptr_t)t;
	return t;
}

/* An object of a class without members counts as one byte, and may lie where another one does. */
static bool is_empty_beside(const struct ctype_member *other, const struct ctype_member *m)
{
	return ctype_is_record(m->type) && m->type->size == 1 && other->type->size > 1 &&
	       m->offset < other->offset + other->type->size;
}

const struct ctype_member *ctype_find_member(const struct ctype *t, uint64_t offset)
{
	const struct ctype_member *best = NULL;

	for (uint32_t i = 0; i < t->nr_members; i++) {
		const struct ctype_member *m = &t->members[i];

		if (m->flags & CTYPE_MEMBER_VIRTUAL_BASE || m->offset > offset)
			continue;
		if (best && is_empty_beside(best, m))
			continue;
		/* An empty base, or an array of no length, lies where the next member does. */
		if (offset - m->offset < m->type->size ||
		    (offset == m->offset && m->type->kind == CTYPE_ARRAY && !best))
			best = m;
	}
	/* Behind the told end there is more of an open array. */
	if (!best && t->flags & CTYPE_FLEXIBLE && offset >= t->members[t->nr_members - 1].offset)
		best = &t->members[t->nr_members - 1];
	return best;
}

const struct ctype *ctype_step_into(const struct ctype *t, uint64_t *offset)
{
	if (t->kind == CTYPE_ARRAY && t->target->size) {
		*offset %= t->target->size;
		return t->target;
	}

	const struct ctype_member *m =
		t->kind == CTYPE_STRUCT ? ctype_find_member(t, *offset) : NULL;

	if (!m)
		return NULL;
	*offset -= m->offset;
	return m->type;
}

const struct ctype *ctype_find_at(struct native *n, const struct ctype *t, uint64_t offset,
				  uint64_t *base)
{
	uint64_t start = 0;

	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		t = ctype_complete(n, t);
		if (t->kind == CTYPE_ARRAY && t->target->size) {
			const uint64_t index = (offset - start) / t->target->size;

			if (t->nr_elements > 1 && index >= t->nr_elements)
				return NULL;
			start += index * t->target->size;
			t = t->target;
			continue;
		}
		if (t->kind != CTYPE_STRUCT) {
			*base = start;
			return start == offset || t->kind == CTYPE_UNION ? t : NULL;
		}

		const struct ctype_member *m = ctype_find_member(t, offset - start);

		if (!m)
			return NULL;
		start += m->offset;
		t = m->type;
	}
	return NULL;
}

bool ctype_begins_with(struct native *n, const struct ctype *outer, const struct ctype *inner)
{
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		if (outer == inner)
			return true;
		outer = ctype_complete(n, outer);
		if (outer->kind != CTYPE_STRUCT)
			return false;

		const struct ctype_member *first = ctype_find_member(outer, 0);

		if (!first || first->offset)
			return false;
		outer = first->type;
	}
	return false;
}

bool ctype_extends(struct native *n, const struct ctype *outer, const struct ctype *inner)
{
	outer = ctype_complete(n, outer);
	inner = ctype_complete(n, inner);
	if (outer == inner || outer->kind != CTYPE_STRUCT || inner->kind != CTYPE_STRUCT ||
	    inner->nr_members < 2 || outer->nr_members < inner->nr_members)
		return false;
	for (uint32_t i = 0; i < inner->nr_members; i++) {
		const struct ctype_member *a = &outer->members[i], *b = &inner->members[i];

		if (a->name != b->name || a->offset != b->offset || a->type != b->type ||
		    a->bit_offset != b->bit_offset || a->bit_size != b->bit_size)
			return false;
	}
	return true;
}

/* May a record of size bytes end in the open array `last`: a whole number of elements behind it, or
 * behind the record's told end? */
static bool is_open_size(const struct ctype *t, const struct ctype_member *last, uint64_t size)
{
	const uint64_t element = last->type->kind == CTYPE_ARRAY ? last->type->target->size : 0;

	if (size < last->offset)
		return false;
	return element <= 1 || !((size - last->offset) % element) ||
	       (size > t->size && !((size - t->size) % element));
}

enum ctype_fit ctype_find_fit(struct native *n, const struct ctype *t, uint64_t size)
{
	t = ctype_complete(n, t);
	if (!t->size)
		return t->flags & CTYPE_FLEXIBLE && size ? CTYPE_FIT_FLEXIBLE : CTYPE_FIT_NONE;
	if (size == t->size)
		return CTYPE_FIT_EXACT;
	if (t->flags & CTYPE_FLEXIBLE && is_open_size(t, &t->members[t->nr_members - 1], size))
		return CTYPE_FIT_FLEXIBLE;
	if (size < t->size)
		return CTYPE_FIT_NONE;
	return size % t->size || t->flags & CTYPE_FLEXIBLE ? CTYPE_FIT_TAIL : CTYPE_FIT_MANY;
}
