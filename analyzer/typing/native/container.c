/* SPDX-License-Identifier: MIT */
/*
 * From the name of a type to what kind of container it is; from that to the types of its blocks,
 * which are made by need, one for each role and size.
 */
#include "typing/native/container.h"

#include <string.h>

#include "base/mem.h"
#include "heap/fold.h"
#include "typing/container/name.h"
#include "typing/native/block.h"

#define LINKS_MAX 4

static const char *const family_names[] = {
#define CONTAINER_FAMILY_NAME(name, text, shape, gnu, llvm) text,
	CONTAINER_FAMILIES(CONTAINER_FAMILY_NAME)
#undef CONTAINER_FAMILY_NAME
};

static const char *skip_prefix(const char *text, const char *prefix)
{
	const size_t len = strlen(prefix);

	return strncmp(text, prefix, len) ? NULL : text + len;
}

/* Index of the family; NR_CONTAINER_FAMILIES: none. */
static size_t find_family(const char *name, bool *is_llvm)
{
	const char *rest = skip_prefix(name, "std::"), *inner;
	size_t i = 0;

	*is_llvm = false;
	/* "std::map<int, Page> node" is the name of a part. */
	if (!rest || rest[strlen(rest) - 1] != '>')
		return NR_CONTAINER_FAMILIES;
	if ((inner = skip_prefix(rest, "__1::"))) {
		*is_llvm = true;
		rest = inner;
	} else if ((inner = skip_prefix(rest, "__cxx11::"))) {
		rest = inner;
	}
	for (; i < NR_CONTAINER_FAMILIES; i++) {
		inner = skip_prefix(rest, family_names[i]);
		if (inner && *inner == '<')
			break;
	}
	return i;
}

/* Argument i of a template; NULL: it has none, or its size is not known. */
static const struct ctype *find_argument(struct native *n, const struct ctype *t, uint32_t i)
{
	t = ctype_complete(n, t);
	if (i >= t->nr_arguments)
		return NULL;

	const struct ctype *argument = ctype_complete(n, t->arguments[i]);

	return argument->size ? argument : NULL;
}

static bool is_map(enum container_family family)
{
	return family == CONTAINER_FAMILY_MAP || family == CONTAINER_FAMILY_MULTIMAP ||
	       family == CONTAINER_FAMILY_UNORDERED_MAP ||
	       family == CONTAINER_FAMILY_UNORDERED_MULTIMAP;
}

/*
 * What the container's allocator allocates: its last argument is one, whose first is that.  clang
 * may leave out what allocators are; then the first argument of others than maps, whose only member
 * is a tree or table of pairs: _Rb_tree<key, pair ...>, __tree<pair ...>.
 */
static const struct ctype *find_value(struct native *n, const struct ctype *t,
				      const struct container_type *type)
{
	const struct ctype *value =
		t->nr_arguments ? find_argument(n, t->arguments[t->nr_arguments - 1], 0) : NULL;

	if (value)
		return value;
	if (!is_map(type->family))
		return find_argument(n, t, 0);
	return t->nr_members ? find_argument(n, t->members[0].type, type->is_llvm ? 0 : 1) : NULL;
}

static const struct container_type *make_type(struct native *n, const struct ctype *t)
{
	bool is_llvm;
	const size_t family =
		t->kind == CTYPE_STRUCT ? find_family(t->name, &is_llvm) : NR_CONTAINER_FAMILIES;

	if (family == NR_CONTAINER_FAMILIES)
		return NULL;

	struct container_type *type = native_alloc(n, 1, sizeof(*type));
	_cleanup_free_ char *name = container_spell(t->name);

	type->family = (enum container_family)family;
	type->is_llvm = is_llvm;
	type->name = heap_intern_name(n->heap, name);
	type->value = find_value(n, t, type);
	return type;
}

const struct container_type *container_type_of(struct native *n, const struct ctype *t)
{
	t = ctype_complete(n, t);

	uint64_t known = map_find(&n->container_types, (uintptr_t)t, 0);

	if (known == MAP_EMPTY) {
		known = (uintptr_t)make_type(n, t);
		*map_find_or_insert(&n->container_types, (uintptr_t)t, 0) = known;
	}
	return (const struct container_type *)(uintptr_t)known;
}

static const struct ctype *make_void_pointer(struct native *n)
{
	static const struct ctype nothing = { .kind = CTYPE_VOID,
					      .name = "void",
					      .is_complete = true };

	return ctype_get_pointer(n, &nothing);
}

/* As many as the block has room for. */
static struct ctype *make_array(struct native *n, const struct ctype *element)
{
	struct ctype *t = native_alloc(n, 1, sizeof(*t));

	t->kind = CTYPE_ARRAY;
	t->flags = CTYPE_FLEXIBLE;
	t->target = element;
	t->is_complete = true;
	return t;
}

static void add_member(struct native *n, struct ctype *t, struct ctype_member *members,
		       const char *name, const struct ctype *type, uint64_t offset)
{
	members[t->nr_members++] = (struct ctype_member){
		.name = heap_intern_name(n->heap, name),
		.type = type,
		.offset = offset,
	};
}

/* Links, which lead to anybody's nodes and into the object, and a value. */
static struct ctype *make_node(struct native *n, const struct container_part *part,
			       const struct ctype *value, uint64_t size)
{
	struct ctype *t = native_alloc(n, 1, sizeof(*t));
	struct ctype_member *members = native_alloc(n, LINKS_MAX + 1, sizeof(*members));
	uint64_t start = part->start;

	t->kind = CTYPE_STRUCT;
	t->flags = CTYPE_CXX;
	t->size = size;
	t->is_complete = true;
	t->members = members;
	for (uint64_t offset = 0; offset < LINKS_MAX * 8 && offset < start; offset += 8) {
		const char *link = container_find_link(part, offset);

		if (link)
			add_member(n, t, members, link + 1, make_void_pointer(n), offset);
	}
	if (!value || value->size > size - start)
		return t;
	add_member(n, t, members, "", value, start);
	members[t->nr_members - 1].flags = CTYPE_MEMBER_BASE;
	return t;
}

static const char *role_word(enum container_role role)
{
	switch (role) {
	case CONTAINER_TEXT:
	case CONTAINER_TEXT16:
	case CONTAINER_TEXT32:
		return "text";
	case CONTAINER_ITEMS:
	case CONTAINER_BITS:
		return "items";
	case CONTAINER_LIST_NODE:
	case CONTAINER_FORWARD_NODE:
	case CONTAINER_TREE_NODE:
	case CONTAINER_HASH_NODE:
		return "node";
	case CONTAINER_BUCKETS:
		return "buckets";
	case CONTAINER_DEQUE_CHUNK:
		return "chunk";
	case CONTAINER_DEQUE_MAP:
		return "map";
	case CONTAINER_NONE:
	case NR_CONTAINER_ROLES:
		break;
	}
	BUG("container role %d", role);
}

static const struct ctype *make_part(struct native *n, const struct container_type *type,
				     const struct container_part *part, uint64_t size)
{
	static const struct ctype byte = {
		.kind = CTYPE_CHAR, .name = "char", .size = 1, .is_complete = true
	};
	_cleanup_free_ char *name = xasprintf("%s %s", type->name, role_word(part->role));
	struct ctype *t;

	if (container_is_node(part->role))
		t = make_node(n, part, type->value, size);
	else if (part->role == CONTAINER_BUCKETS || part->role == CONTAINER_DEQUE_MAP)
		t = make_array(n, make_void_pointer(n));
	else if (container_has_no_pointers(part->role) || !type->value)
		t = make_array(n, &byte);
	else
		t = make_array(n, type->value);
	t->name = heap_intern_name(n->heap, name);
	return t;
}

const struct ctype *container_part_type(struct native *n, const struct container_type *type,
					const struct container_part *part, uint64_t size)
{
	const uint64_t key =
		(uint64_t)part->role << 56 | (container_is_node(part->role) ? size : 0);
	uint64_t *known = map_find_or_insert(&n->container_parts, (uintptr_t)type, key);

	if (*known == MAP_EMPTY) {
		*known = 0;

		const struct ctype *t = make_part(n, type, part, size);

		*map_find_or_insert(&n->container_parts, (uintptr_t)type, key) = (uintptr_t)t;
		return t;
	}
	return (const struct ctype *)(uintptr_t)*known;
}

const struct ctype *container_items_of(struct native *n, const struct container_part *part,
				       const struct ctype *element, uint64_t size)
{
	const bool is_vector = part->role == CONTAINER_ITEMS;

	if ((!is_vector && part->role != CONTAINER_DEQUE_CHUNK) || !element->size ||
	    size % element->size || (part->end - part->start) % element->size)
		return NULL;

	uint64_t *known = map_find_or_insert(&n->container_parts, (uintptr_t)element, part->role);

	if (*known == MAP_EMPTY) {
		struct ctype *t = make_array(n, element);
		_cleanup_free_ char *raw =
			xasprintf("std::%s<%s>", is_vector ? "vector" : "deque", element->name);
		_cleanup_free_ char *spelled = container_spell(raw);
		_cleanup_free_ char *name = xasprintf("%s %s", spelled, role_word(part->role));

		*known = (uintptr_t)t;
		t->name = heap_intern_name(n->heap, name);
	}
	return (const struct ctype *)(uintptr_t)*known;
}

static const char *container_typed_relation(struct heap *h, node_id from, uint64_t offset,
					    node_id to)
{
	const struct container_part *part = container_find_part(h, from);
	const char *name = native_ops.relation(h, from, offset, to);

	if (!name || !part)
		return container_ops.relation(h, from, offset, to);
	if (!container_is_node(part->role) || offset < part->start || !fold_is_part(h, from))
		return name;

	_cleanup_free_ char *indexed = xasprintf("[*]%s", name);

	return heap_intern_name(h, indexed);
}

static enum relation_weight container_typed_weigh(const struct heap *h, node_id from,
						  uint64_t offset, const char *relation)
{
	return container_ops.weigh(h, from, offset, relation);
}

static enum word_use container_typed_use(struct heap *h, node_id from, uint64_t offset)
{
	const enum word_use use = container_ops.use(h, from, offset);

	return use == WORD_UNKNOWN ? native_use(h, from, offset) : use;
}

static const char *container_typed_place(struct heap *h, node_id block, uint64_t offset)
{
	return native_ops.place(h, block, offset);
}

const struct type_ops container_typed_ops = {
	.relation = container_typed_relation,
	.place = container_typed_place,
	.weigh = container_typed_weigh,
	.use = container_typed_use,
};
