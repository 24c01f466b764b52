/* SPDX-License-Identifier: MIT */
/*
 * Names of the words of GLib's structures: ".next", ".keys[*]".
 */
#include <string.h>

#include "base/mem.h"
#include "typing/glib/glib.h"

#define MEMBERS_MAX   9
#define CLASS_POINTER ".g_class"

static const struct {
	const char *type, *members[MEMBERS_MAX];
} kinds[] = {
#define GLIB_KIND_MEMBERS(name, type, flags, ...) [GLIB_##name] = { type, { __VA_ARGS__ } },
	GLIB_KINDS(GLIB_KIND_MEMBERS)
#undef GLIB_KIND_MEMBERS
};

/* What memory that counts for its owner is to it. */
static const struct {
	enum glib_kind kind;
	const char *member;
} parts[] = {
	{ GLIB_HASH_KEYS, ".keys" },
	{ GLIB_HASH_VALUES, ".values" },
	{ GLIB_PTR_ARRAY_ITEMS, ".pdata" },
	{ GLIB_ARRAY_ITEMS, ".data" },
};

static enum glib_kind kind_of(const struct heap *h, node_id n)
{
	const char *name = object_type(h, n)->name;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(kinds[i].type, name))
			return i;
	}
	return NR_GLIB_KINDS;
}

static const char *name_element(struct heap *h, const char *member, uint64_t size, uint64_t offset)
{
	_cleanup_free_ char *index =
		heap_wants_index(h) ? xasprintf("[%lu]", offset / size) : xstrdup("[*]");
	_cleanup_free_ char *name = offset % size
					    ? xasprintf("%s%s.+0x%lx", member, index, offset % size)
					    : xasprintf("%s%s", member, index);

	return heap_intern_name(h, name);
}

/* Bytes of an item of the GArray that has its items in block n. */
static uint64_t item_size(const struct heap *h, node_id n)
{
	const uint8_t *array = h->owner[n] == n ? NULL : dump_block_bytes(h->dump, h->owner[n]);

	return array ? glib_half(array, 16) : 8;
}

static const char *glib_relation(struct heap *h, node_id from, uint64_t offset, node_id to)
{
	const enum glib_kind kind = kind_of(h, from);

	(void)to;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (kind == parts[i].kind)
			return name_element(h, h->owner[from] == from ? "" : parts[i].member,
					    kind == GLIB_ARRAY_ITEMS ? item_size(h, from) : 8,
					    offset);
	}
	if (kind == NR_GLIB_KINDS) /* an instance of a class, or a class */
		return offset == h->head[from] ? heap_intern_name(h, CLASS_POINTER) : NULL;

	const char *member = offset / 8 < MEMBERS_MAX ? kinds[kind].members[offset / 8] : NULL;

	return member ? heap_intern_name(h, member) : NULL;
}

const struct type_ops glib_ops = { .relation = glib_relation };
