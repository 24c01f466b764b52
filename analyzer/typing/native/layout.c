/* SPDX-License-Identifier: MIT */
/*
 * Flattening of types to their pointers.
 */
#include "typing/native/layout.h"

#include <string.h>

#include "base/mem.h"
#include "base/sorted.h"
#include "base/word.h"
#include "heap/symbol.h"
#include "typing/native/container.h"

#define POINTERS_MAX 65536 /* of one object, containers too */
#define DEPTH_MAX    24
#define MARKS_MAX    4096      /* numbers that stand for no object: (void *)1, -1 */
#define VISITS_MAX   (1 << 20) /* members of members, where damaged types hold themselves */

struct flattener {
	struct native *native;
	struct layout *layout;
	size_t room, functions_room, containers_room, unions_room;
	size_t nr_visits;
};

static void flatten(struct flattener *f, const struct ctype *t, uint64_t offset, int depth);

static size_t nr_found(const struct flattener *f)
{
	const struct layout *l = f->layout;

	return l->nr + l->nr_functions + l->nr_containers + l->nr_unions;
}

static void add_pointer(struct flattener *f, const struct ctype *t, uint64_t offset)
{
	struct layout *l = f->layout;
	const enum ctype_kind kind = t->target->kind;

	if (kind == CTYPE_VOID || offset % 8)
		return;
	if (kind == CTYPE_FUNCTION) {
		l->functions = array_grow(l->functions, l->nr_functions, &f->functions_room,
					  sizeof(*l->functions));
		l->functions[l->nr_functions++] = offset;
		return;
	}
	l->pointers = array_grow(l->pointers, l->nr, &f->room, sizeof(*l->pointers));
	l->pointers[l->nr++] = (struct layout_pointer){ offset, t->target };
}

static bool is_full(const struct flattener *f)
{
	return nr_found(f) >= POINTERS_MAX || f->nr_visits > VISITS_MAX;
}

static void add_container(struct flattener *f, const struct ctype *t, uint64_t offset)
{
	struct layout *l = f->layout;

	l->containers = array_grow(l->containers, l->nr_containers, &f->containers_room,
				   sizeof(*l->containers));
	l->containers[l->nr_containers++] = (struct layout_container){ offset, t };
}

static void add_union(struct flattener *f, const struct ctype *t, uint64_t offset)
{
	struct layout *l = f->layout;

	if (t->size < sizeof(uint64_t) || offset % 8)
		return;
	l->unions = array_grow(l->unions, l->nr_unions, &f->unions_room, sizeof(*l->unions));
	l->unions[l->nr_unions++] = (struct layout_union){ offset, t };
}

static void flatten_array(struct flattener *f, const struct ctype *t, uint64_t offset, int depth)
{
	const size_t before = nr_found(f);

	for (uint64_t i = 0; i < t->nr_elements && !is_full(f); i++) {
		flatten(f, t->target, offset + i * t->target->size, depth + 1);
		if (nr_found(f) == before)
			return; /* nor has any other */
	}
}

static void flatten(struct flattener *f, const struct ctype *t, uint64_t offset, int depth)
{
	t = ctype_complete(f->native, t);
	f->nr_visits++;
	if (depth > DEPTH_MAX || is_full(f))
		return;
	if (ctype_is_pointer(t))
		add_pointer(f, t, offset);
	else if (t->kind == CTYPE_ARRAY)
		flatten_array(f, t, offset, depth);
	else if (t->kind == CTYPE_UNION)
		add_union(f, t, offset);
	if (t->kind != CTYPE_STRUCT)
		return;
	if (container_type_of(f->native, t)) {
		add_container(f, t, offset);
		return;
	}
	for (uint32_t i = 0; i < t->nr_members; i++) {
		const struct ctype_member *m = &t->members[i];

		if (!(m->flags & (CTYPE_MEMBER_VIRTUAL_BASE | CTYPE_MEMBER_VPTR)) && !m->bit_size)
			flatten(f, m->type, offset + m->offset, depth + 1);
	}
}

/* The array at the end of t that may go on behind it. */
static void find_rest(struct native *n, const struct ctype *t, struct layout *l)
{
	uint64_t offset = 0;

	if (t->flags & CTYPE_FLEXIBLE && t->kind == CTYPE_ARRAY)
		l->rest = t->target;
	for (int depth = 0; depth < DEPTH_MAX && t->flags & CTYPE_FLEXIBLE; depth++) {
		if (t->kind != CTYPE_STRUCT)
			return;

		const struct ctype_member *last = &t->members[t->nr_members - 1];

		offset += last->offset;
		t = ctype_complete(n, last->type);
		if (t->kind != CTYPE_ARRAY)
			continue;
		l->rest = t->target;
		l->rest_offset = offset;
		return;
	}
}

const struct layout *layout_get(struct native *n, const struct ctype *t)
{
	const uint64_t known = map_find(&n->layouts, (uintptr_t)t, 0);

	if (known != MAP_EMPTY)
		return (const struct layout *)(uintptr_t)known;

	struct layout *l = native_alloc(n, 1, sizeof(*l));
	struct flattener f = { .native = n, .layout = l };

	t = ctype_complete(n, t);
	flatten(&f, t, 0, 0);
	find_rest(n, t, l);
	if (l->pointers)
		native_keep(n, l->pointers);
	if (l->unions)
		native_keep(n, l->unions);
	if (l->functions)
		native_keep(n, l->functions);
	if (l->containers)
		native_keep(n, l->containers);
	*map_find_or_insert(&n->layouts, (uintptr_t)t, 0) = (uintptr_t)l;
	return l;
}

bool layout_links_to_itself(struct native *n, const struct ctype *t)
{
	const struct layout *l = layout_get(n, t);

	for (size_t i = 0; i < l->nr; i++) {
		if (ctype_complete(n, l->pointers[i].target) == t)
			return true;
	}
	return false;
}

/* Null, a mark that is no address, or mapped memory. */
static bool leads_anywhere(struct native *n, uint64_t word)
{
	size_t nr;
	const struct hc_map *maps = dump_maps(n->heap->dump, &nr);
	const size_t after = SORTED_COUNT(maps, nr, start, word);

	return word < MARKS_MAX || word > -(uint64_t)MARKS_MAX || !nr ||
	       (after && word <= maps[after - 1].end);
}

static bool is_function(struct native *n, uint64_t word)
{
	return word < MARKS_MAX || word > -(uint64_t)MARKS_MAX ||
	       symbols_is_code(n->heap->symbols, word);
}

bool layout_is_plausible(struct native *n, const struct ctype *t, const uint8_t *bytes,
			 uint64_t len)
{
	const struct layout *l = layout_get(n, t);

	for (size_t i = 0; i < l->nr && l->pointers[i].offset + 8 <= len; i++) {
		if (!leads_anywhere(n, load_word(bytes, l->pointers[i].offset)))
			return false;
	}
	for (size_t i = 0; i < l->nr_functions && l->functions[i] + 8 <= len; i++) {
		if (!is_function(n, load_word(bytes, l->functions[i])))
			return false;
	}
	return true;
}
