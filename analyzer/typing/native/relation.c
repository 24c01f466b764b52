/* SPDX-License-Identifier: MIT */
/*
 * Names of the words of typed native blocks, as a C programmer writes them: ".next", ".u.ptr",
 * ".items[3].name"; of arrays "[*].next".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "typing/native/block.h"
#include "typing/native/path.h"

const char *path_format(struct native *n, const struct ctype *t, uint64_t offset, bool exact_index)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	_cleanup_fclose_ FILE *out = open_memstream(&text, &len);

	if (!out)
		mem_exhausted();
	for (int depth = 0; depth < PATH_DEPTH_MAX; depth++) {
		t = ctype_complete(n, t);

		const struct ctype_member *m = NULL;

		if (t->kind == CTYPE_ARRAY && t->target->size) {
			if (exact_index)
				fprintf(out, "[%lu]", offset / t->target->size);
			else
				fputs("[*]", out);
			offset %= t->target->size;
			t = t->target;
			continue;
		}
		if (t->kind == CTYPE_STRUCT || t->kind == CTYPE_UNION)
			m = ctype_find_member(t, offset);
		if (!m)
			break;
		if (*m->name && !(m->flags & CTYPE_MEMBER_BASE))
			fprintf(out, ".%s", m->name);
		offset -= m->offset;
		t = m->type;
	}
	if (offset)
		fprintf(out, "+0x%lx", offset);
	fflush(out);
	return heap_intern_name(n->heap, text);
}

static const char *native_relation(struct heap *h, node_id from, uint64_t offset, node_id to)
{
	struct native *n = h->native;
	const struct ctype *t = native_type_of(n, from);
	const bool exact_index = heap_wants_index(h);

	(void)to;
	if (!t)
		return NULL;
	t = ctype_complete(n, t);
	switch (ctype_find_fit(n, t, block_size(h, from))) {
	case CTYPE_FIT_MANY:
		return path_format(n, ctype_get_array(n, t, 0), offset, exact_index);
	case CTYPE_FIT_TAIL:
		return offset < t->size ? path_format(n, t, offset, exact_index) : NULL;
	case CTYPE_FIT_EXACT:
	case CTYPE_FIT_FLEXIBLE:
		return path_format(n, t, offset, exact_index);
	case CTYPE_FIT_NONE:
		break;
	}
	return NULL;
}

const struct type_ops native_ops = { .relation = native_relation };
