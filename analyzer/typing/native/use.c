/* SPDX-License-Identifier: MIT */
/*
 * Which words of typed native blocks and variables are pointers by their type.
 */
#include "typing/native/block.h"
#include "typing/native/container.h"
#include "typing/native/debug.h"
#include "typing/native/layout.h"
#include "typing/native/native.h"

#define NESTING_MAX 32
#define LOOKS_MAX   1000 /* at members of unions in unions, whatever the debug information says */

static bool is_pointer_at(struct native *n, const struct ctype *t, uint64_t offset, int *looks);

/* One of them is enough: nobody knows which of a union's members is in use. */
static bool has_pointer_member(struct native *n, const struct ctype *t, uint64_t offset, int *looks)
{
	for (uint32_t i = 0; i < t->nr_members; i++) {
		const struct ctype_member *m = &t->members[i];

		if (offset - m->offset < m->type->size &&
		    is_pointer_at(n, m->type, offset - m->offset, looks))
			return true;
	}
	return false;
}

static bool is_pointer_at(struct native *n, const struct ctype *t, uint64_t offset, int *looks)
{
	uint64_t base;

	if (++*looks > LOOKS_MAX)
		return false;
	t = ctype_find_at(n, t, offset, &base);
	if (!t)
		return false;
	return t->kind == CTYPE_UNION ? has_pointer_member(n, t, offset - base, looks)
				      : ctype_is_pointer(t);
}

/* The words of a std::string but for its pointer: a length, and characters or room. */
static bool is_in_string(struct native *n, const struct ctype *t, uint64_t offset)
{
	for (int depth = 0; t && depth < NESTING_MAX; depth++) {
		const struct container_type *container = container_type_of(n, t);

		if (container && container->family == CONTAINER_FAMILY_STRING)
			return offset != (container->is_llvm ? 16 : 0);
		t = ctype_complete(n, t);
		t = ctype_step_into(t, &offset);
	}
	return false;
}

/* Is what lies there, no pointer by its type, perhaps used as one?  Integers of a pointer's size
 * are, and bytes that are no text; and a virtual base lies where only the vtable says. */
static bool may_hold_pointer(struct native *n, const struct ctype *t, uint64_t offset)
{
	uint64_t base;

	t = ctype_find_at(n, t, offset, &base);
	if (!t)
		return true;
	switch (t->kind) {
	case CTYPE_CHAR:
		return !(t->flags & CTYPE_SIGNED);
	case CTYPE_BOOL:
	case CTYPE_ENUM:
	case CTYPE_FLOAT:
		return false;
	case CTYPE_INTEGER:
		return t->size >= sizeof(uint64_t) || t->size == 1; /* an int8_t, a byte */
	default:
		return true;
	}
}

/* t is no array. */
static enum word_use find_use(struct native *n, const struct ctype *t, uint64_t offset)
{
	int looks = 0;

	if (is_in_string(n, t, offset))
		return WORD_SLACK;
	if (is_pointer_at(n, t, offset, &looks))
		return WORD_POINTER;
	return may_hold_pointer(n, t, offset) ? WORD_UNKNOWN : WORD_SLACK;
}

/* The same, looked up once for each word of a type.  Behind its end there may be more of its last
 * array. */
static enum word_use use_in_type(struct native *n, const struct ctype *t, uint64_t offset)
{
	const struct layout *l = layout_get(n, t);

	if (l->rest && offset >= l->rest_offset) {
		t = ctype_complete(n, l->rest);
		offset -= l->rest_offset;
		if (t->size)
			offset %= t->size;
	}
	while (t->kind == CTYPE_ARRAY && t->target->size) {
		offset %= t->target->size;
		t = ctype_complete(n, t->target);
	}

	uint64_t *known = map_find_or_insert(&n->uses, (uintptr_t)t, offset);

	if (*known == MAP_EMPTY)
		*known = find_use(n, t, offset);
	return (enum word_use) * known;
}

static enum word_use use_in_block(struct native *n, const struct ctype *t, node_id block,
				  uint64_t offset)
{
	switch (block_find_fit(n, block)) {
	case CTYPE_FIT_MANY:
		return use_in_type(n, t, offset % t->size);
	case CTYPE_FIT_EXACT:
	case CTYPE_FIT_FLEXIBLE:
		return use_in_type(n, t, offset);
	case CTYPE_FIT_TAIL:
		return offset < t->size ? use_in_type(n, t, offset) : WORD_UNKNOWN;
	case CTYPE_FIT_NONE:
		break;
	}
	return WORD_UNKNOWN;
}

enum word_use native_use(struct heap *h, node_id from, uint64_t offset)
{
	struct native *n = h->native;
	const struct ctype *t = native_type_of(n, from);
	const enum word_use use =
		t ? use_in_block(n, ctype_complete(n, t), from, offset) : WORD_UNKNOWN;

	/* A guess is no reason to take a reference for none. */
	return use == WORD_SLACK && object_type(h, from)->provenance == PROVENANCE_INFERRED
		       ? WORD_UNKNOWN
		       : use;
}

struct local_search {
	struct native *native;
	uint64_t addr;
	bool is_covered;
	enum word_use use;
};

/* Several variables may have been there at different times: a pointer if it is one of any, slack if
 * it is that of all. */
static void match_local(void *arg, const struct variable *v)
{
	struct local_search *s = arg;
	const struct ctype *t = ctype_complete(s->native, v->type);
	enum word_use use;

	if (s->addr - v->addr >= t->size)
		return;
	use = use_in_type(s->native, t, s->addr - v->addr);
	if (!s->is_covered || use == WORD_POINTER)
		s->use = use;
	else if (use != s->use && s->use != WORD_POINTER)
		s->use = WORD_UNKNOWN;
	s->is_covered = true;
}

enum word_use native_variable_use(struct heap *h, const struct root *root, uint64_t offset)
{
	struct native *n = h->native;
	const uint64_t addr = root->addr + offset;
	struct local_search search = { n, addr, false, WORD_UNKNOWN };
	struct variable v;

	if (root->kind == ROOT_GLOBAL)
		return debug_find_global(n, addr, &v)
			       ? use_in_type(n, ctype_complete(n, v.type), addr - v.addr)
			       : WORD_UNKNOWN;
	if (root->kind != ROOT_STACK)
		return WORD_UNKNOWN;

	const struct frame *frame = heap_find_frame(h, root->tid, addr);

	if (frame)
		debug_each_local(n, frame, match_local, &search);
	return search.use;
}
