/* SPDX-License-Identifier: MIT */
/*
 * Names of the words and places of typed native blocks (path.h), and of the words of variables:
 * "::queue.head", of a function's "::main.queue".
 */
#include <string.h>

#include "base/mem.h"
#include "typing/container/container.h"
#include "typing/native/block.h"
#include "typing/native/debug.h"
#include "typing/native/path.h"

#define CACHED_MAX 65536 /* words further on are too many to remember */

/* t as the whole of a block that it fits so, as far as offset; NULL: it does not reach there. */
static const struct ctype *whole_type(struct native *n, const struct ctype *t, enum ctype_fit fit,
				      uint64_t offset)
{
	t = ctype_complete(n, t);
	switch (fit) {
	case CTYPE_FIT_MANY:
		return ctype_get_array(n, t, 0);
	case CTYPE_FIT_TAIL:
		return offset < t->size ? t : NULL;
	case CTYPE_FIT_EXACT:
	case CTYPE_FIT_FLEXIBLE:
		return t;
	case CTYPE_FIT_NONE:
		break;
	}
	return NULL;
}

static const struct ctype *type_at(struct native *n, node_id block, uint64_t offset)
{
	const struct ctype *t = native_type_of(n, block);

	return t ? whole_type(n, t, block_find_fit(n, block), offset) : NULL;
}

const struct ctype *native_reading(struct native *n, node_id block, unsigned int i)
{
	const struct native_block *b = n && n->blocks ? &n->blocks[block] : NULL;

	if (!b || i > 1)
		return NULL;
	if (!b->conflict)
		return i ? NULL : type_at(n, block, 0);

	const struct native_conflict *c = &n->conflicts[b->conflict - 1];
	const struct ctype *t = i ? c->other : c->one;

	return whole_type(n, t, ctype_find_fit(n, t, block_size(n->heap, block)), 0);
}

struct path {
	const char *name;
	bool has_union; /* on its way: which member depends on the word */
};

static bool passes_union(struct native *n, const struct ctype *t, uint64_t offset)
{
	uint64_t base;
	const struct ctype *at = ctype_find_at(n, t, offset, &base);

	return at && at->kind == CTYPE_UNION;
}

static const struct path *path_of(struct native *n, const struct ctype *t, uint64_t offset,
				  struct path *room)
{
	const bool exact_index = heap_wants_index(n->heap);
	uint64_t *cached;
	struct path *p = room;

	if (offset < CACHED_MAX) {
		cached = map_find_or_insert(&n->paths, (uintptr_t)t, offset);
		if (*cached != MAP_EMPTY)
			return (const struct path *)(uintptr_t)*cached;
		*cached = (uintptr_t)(p = native_alloc(n, 1, sizeof(*p)));
	}
	p->name = path_format(n, t, offset, exact_index, NULL);
	p->has_union = passes_union(n, t, offset);
	return p;
}

/* The path to a word that points at block `to`. */
static const char *path_to(struct native *n, const struct ctype *t, uint64_t offset, node_id to)
{
	const struct ctype *leads_to = native_type_of(n, to);
	struct path room;
	const struct path *p;

	if (t->kind == CTYPE_ARRAY && t->target->size && !heap_wants_index(n->heap))
		offset %= t->target->size;
	p = path_of(n, t, offset, &room);
	if (!p->has_union || !leads_to)
		return p->name;
	return path_format(n, t, offset, heap_wants_index(n->heap), leads_to);
}

static const char *native_relation(struct heap *h, node_id from, uint64_t offset, node_id to)
{
	struct native *n = h->native;
	const struct ctype *t = type_at(n, from, offset);
	const char *name = t ? path_to(n, t, offset, to) : NULL;

	/* A pointer by itself, one of the library's too, is as good as an array of one.  A
	 * container names its own words. */
	if (name && !*name && !container_find_part(h, from)) {
		if (ctype_is_pointer(t))
			return heap_intern_name(h, heap_wants_index(h) ? "[0]" : "[*]");
		if (t->kind == CTYPE_STRUCT)
			return heap_intern_name(h, "[*]");
	}
	/* Other scalars' words have no names, nor a union's. */
	return name && (*name == '.' || *name == '[') ? name : NULL;
}

static const char *native_place(struct heap *h, node_id block, uint64_t offset)
{
	const struct ctype *t = type_at(h->native, block, offset);
	const char *name = t ? path_format_place(h->native, t, offset, heap_wants_index(h)) : NULL;

	return name && *name != '+' ? name : NULL;
}

/* The type of the block that the word at addr points at. */
static const struct ctype *type_behind(const struct native *n, uint64_t addr)
{
	const uint8_t *bytes = dump_find_bytes(n->heap->dump, addr, sizeof(uint64_t));
	uint64_t word = 0;
	uint32_t block;

	if (bytes)
		memcpy(&word, bytes, sizeof(word));
	block = dump_find_block(n->heap->dump, word);
	return block == UINT32_MAX ? NULL : native_type_of(n, block);
}

/* "::queue", "::main.queue", and the path to a part of it. */
static const char *name_in_variable(struct native *n, const struct variable *v, const char *path)
{
	_cleanup_free_ char *name =
		xasprintf("::%s%s%s%s", v->scope, *v->scope ? "." : "", v->name, path);

	return heap_intern_name(n->heap, name);
}

struct local_search {
	struct native *native;
	uint64_t addr;
	bool is_found;
	struct variable *ret;
};

static void match_local(void *arg, const struct variable *v)
{
	struct local_search *s = arg;
	const uint64_t size = ctype_complete(s->native, v->type)->size;

	if (s->is_found || s->addr - v->addr >= size)
		return;
	s->is_found = true;
	*s->ret = *v;
}

bool native_find_variable(struct heap *h, const struct root *root, uint64_t offset,
			  struct variable *ret)
{
	const uint64_t addr = root->addr + offset;
	struct local_search search = { h->native, addr, false, ret };
	const struct frame *frame;

	if (root->kind == ROOT_GLOBAL)
		return debug_find_global(h->native, addr, ret);
	frame = root->kind == ROOT_STACK ? heap_find_frame(h, root->tid, addr) : NULL;
	if (frame)
		debug_each_local(h->native, frame, match_local, &search);
	return search.is_found;
}

const char *native_variable_name(struct heap *h, const struct root *root, uint64_t offset)
{
	const uint64_t addr = root->addr + offset;
	struct native *n = h->native;
	struct variable v;

	if (!native_find_variable(h, root, offset, &v))
		return NULL;
	return name_in_variable(
		n, &v,
		path_format(n, v.type, addr - v.addr, heap_wants_index(h), type_behind(n, addr)));
}

const char *native_variable_place(struct heap *h, const struct root *root, uint64_t offset)
{
	const uint64_t addr = root->addr + offset;
	struct variable v;

	if (!native_find_variable(h, root, offset, &v))
		return NULL;
	return name_in_variable(
		h->native, &v,
		addr == v.addr ? "" : path_format_place(h->native, v.type, addr - v.addr, true));
}

const struct type_ops native_ops = {
	.relation = native_relation,
	.place = native_place,
	.use = native_use,
};
