/* SPDX-License-Identifier: MIT */
/*
 * The walk over an object's fields.
 */
#include "typing/native/fields.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "typing/native/path.h"

/* No object has more parts than these: every level of nesting begins with one at each byte. */
#define PARTS_PER_BYTE PATH_DEPTH_MAX
#define PARTS_LEAST    10000

struct walk {
	struct native *native;
	const uint8_t *bytes;
	const struct fields_options *options;
	int depth;
	uint64_t nr_left; /* parts to look at: damaged debug information nests without end */
};

/* Something of type t at offset; its last array may go on up to end. */
static void walk(struct walk *w, const struct ctype *t, uint64_t offset, uint64_t end,
		 const char *path);

static void emit(struct walk *w, struct field f)
{
	w->options->fn(w->options->arg, &f);
}

static void walk_member(struct walk *w, const struct ctype_member *m, uint64_t offset, uint64_t end,
			const char *path)
{
	const bool is_named = *m->name && !(m->flags & CTYPE_MEMBER_BASE);
	_cleanup_free_ char *inner =
		xasprintf("%s%s%s", path, is_named ? "." : "", is_named ? m->name : "");

	offset += m->offset;
	if (!m->bit_size) {
		walk(w, m->type, offset, end, inner);
		return;
	}
	if (offset + (m->bit_offset + m->bit_size + 7) / 8 <= end)
		emit(w, (struct field){ .path = inner,
					.type = m->type,
					.offset = offset,
					.size = (m->bit_offset + m->bit_size + 7) / 8,
					.bit_offset = m->bit_offset,
					.bit_size = m->bit_size });
}

static void walk_record(struct walk *w, const struct ctype *t, uint64_t offset, uint64_t end,
			const char *path)
{
	for (uint32_t i = 0; i < t->nr_members; i++) {
		const struct ctype_member *m = &t->members[i];
		const uint64_t member_end =
			offset + m->offset + ctype_complete(w->native, m->type)->size;
		const bool is_rest = t->flags & CTYPE_FLEXIBLE && i == t->nr_members - 1;

		/* Where it lies only the vtable tells. */
		if (m->flags & CTYPE_MEMBER_VIRTUAL_BASE)
			continue;
		walk_member(w, m, offset,
			    is_rest || m->bit_size || member_end > end ? end : member_end, path);
	}
}

static bool is_equal(const struct walk *w, uint64_t a, uint64_t b, uint64_t size)
{
	return !memcmp(w->bytes + a, w->bytes + b, size);
}

static void walk_elements(struct walk *w, const struct ctype *element, uint64_t offset, uint64_t nr,
			  const char *path)
{
	const uint64_t size = element->size;
	uint64_t next, told = 0;

	for (uint64_t i = 0; i < nr; i = next) {
		const uint64_t at = offset + i * size;
		_cleanup_free_ char *inner = NULL;

		if (told++ == w->options->elements_max) {
			emit(w, (struct field){ .path = path,
						.type = element,
						.offset = at,
						.size = (nr - i) * size,
						.nr_left_out = nr - i });
			return;
		}
		for (next = i + 1; next < nr && is_equal(w, at, offset + next * size, size);)
			next++;
		inner = next == i + 1 ? xasprintf("%s[%lu]", path, i)
				      : xasprintf("%s[%lu..%lu]", path, i, next - 1);
		walk(w, element, at, at + size, inner);
	}
}

static void walk_array(struct walk *w, const struct ctype *t, uint64_t offset, uint64_t end,
		       const char *path)
{
	const struct ctype *element = ctype_complete(w->native, t->target);
	uint64_t nr = t->nr_elements;

	if (!element->size)
		return;
	if (nr <= 1 || nr > (end - offset) / element->size)
		nr = (end - offset) / element->size;
	if (element->kind == CTYPE_CHAR && element->size == 1)
		emit(w, (struct field){ .path = path, .type = t, .offset = offset, .size = nr });
	else
		walk_elements(w, element, offset, nr, path);
}

static void walk(struct walk *w, const struct ctype *t, uint64_t offset, uint64_t end,
		 const char *path)
{
	t = ctype_complete(w->native, t);
	if (offset > end || w->depth == PATH_DEPTH_MAX || !w->nr_left)
		return;
	w->nr_left--;
	w->depth++;
	if (ctype_is_record(t) && t->nr_members) {
		const struct field f = {
			.path = path, .type = t, .offset = offset, .size = t->size
		};

		if (t->size > end - offset || !w->options->record(w->options->arg, &f))
			walk_record(w, t, offset, end, path);
	}
	if (t->kind == CTYPE_ARRAY)
		walk_array(w, t, offset, end, path);
	else if (!(ctype_is_record(t) && t->nr_members) && t->size <= end - offset &&
		 (t->size > 1 || !ctype_is_record(t)))
		emit(w,
		     (struct field){ .path = path, .type = t, .offset = offset, .size = t->size });
	w->depth--;
}

void fields_each(struct native *n, const struct ctype *t, const uint8_t *bytes, uint64_t size,
		 const struct fields_options *options)
{
	struct walk w = { n, bytes, options, 0, size * PARTS_PER_BYTE + PARTS_LEAST };

	t = ctype_complete(n, t);
	if (t->kind != CTYPE_ARRAY && !(t->flags & CTYPE_FLEXIBLE) && size > t->size)
		size = t->size;
	walk(&w, t, 0, size, options->prefix);
}
