/* SPDX-License-Identifier: MIT */
/*
 * Names of the words of typed native blocks, as a C programmer writes them: ".next", ".u.ptr",
 * ".items[3].name"; of arrays "[*].next"; and of the words of variables: "::queue.head", of a
 * function's "::main.queue".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "typing/native/block.h"
#include "typing/native/debug.h"
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

/* The path to a word of a block of that type; NULL: the type does not reach there. */
static const char *name_in_block(struct native *n, const struct ctype *t, uint64_t size,
				 uint64_t offset)
{
	const bool exact_index = heap_wants_index(n->heap);

	switch (ctype_find_fit(n, t, size)) {
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

static const char *native_relation(struct heap *h, node_id from, uint64_t offset, node_id to)
{
	const struct ctype *t = native_type_of(h->native, from);
	const char *name = NULL;

	(void)to;
	if (t)
		name = name_in_block(h->native, ctype_complete(h->native, t), block_size(h, from),
				     offset);
	/* A scalar's or a union's words have no names. */
	return name && (*name == '.' || *name == '[') ? name : NULL;
}

/* "::queue.head", "::main.queue". */
static const char *name_in_variable(struct native *n, const struct variable *v, uint64_t offset)
{
	_cleanup_free_ char *name =
		xasprintf("::%s%s%s%s", v->scope, *v->scope ? "." : "", v->name,
			  path_format(n, v->type, offset, heap_wants_index(n->heap)));

	return heap_intern_name(n->heap, name);
}

struct local_search {
	struct native *native;
	uint64_t addr;
	const char *name;
};

static void match_local(void *arg, const struct variable *v)
{
	struct local_search *s = arg;
	const uint64_t size = ctype_complete(s->native, v->type)->size;

	if (!s->name && s->addr - v->addr < size)
		s->name = name_in_variable(s->native, v, s->addr - v->addr);
}

const char *native_variable_name(struct heap *h, const struct root *root, uint64_t offset)
{
	struct native *n = h->native;
	const uint64_t addr = root->addr + offset;
	struct variable v;

	if (root->kind == ROOT_GLOBAL)
		return debug_find_global(n, addr, &v) ? name_in_variable(n, &v, addr - v.addr)
						      : NULL;
	if (root->kind != ROOT_STACK)
		return NULL;

	const struct frame *frame = heap_find_frame(h, root->tid, addr);
	struct local_search search = { n, addr, NULL };

	if (frame)
		debug_each_local(n, frame, match_local, &search);
	return search.name;
}

const struct type_ops native_ops = { .relation = native_relation };
