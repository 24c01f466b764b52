/* SPDX-License-Identifier: MIT */
/*
 * Names of the words of GLib's structures: ".next", ".keys[*]".
 */
#include <string.h>

#include "base/mem.h"
#include "heap/fold.h"
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

static enum glib_kind kind_of(const struct heap *h, node_id n)
{
	const char *name = object_type(h, n)->name;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!strcmp(kinds[i].type, name))
			return i;
	}
	return NR_GLIB_KINDS;
}

/* The array that has its items in block n; NULL: not known. */
static const uint8_t *array_of(const struct heap *h, node_id n)
{
	return h->held && fold_is_offered(h, n) ? dump_block_bytes(h->dump, fold_holder(h, n))
						: NULL;
}

/* Bytes of an item of a GArray; 8: not known. */
static uint64_t item_size(const struct heap *h, node_id n)
{
	const uint8_t *array = array_of(h, n);

	return array ? load_half(array, GLIB_ARRAY_ITEM) : 8;
}

static bool glib_is_edge(const struct heap *h, node_id from, uint64_t offset, node_id to)
{
	(void)offset, (void)to;
	return strcmp(object_type(h, from)->name, kinds[GLIB_ARRAY_ITEMS].type) ||
	       item_size(h, from) >= 8;
}

/* "[*]", "[3].+0x8" */
static const char *name_item(struct heap *h, uint64_t size, uint64_t offset)
{
	_cleanup_free_ char *index =
		heap_wants_index(h) ? xasprintf("[%lu]", offset / size) : xstrdup("[*]");
	_cleanup_free_ char *name =
		offset % size ? xasprintf("%s.+0x%lx", index, offset % size) : xstrdup(index);

	return heap_intern_name(h, name);
}

static const char *glib_relation(struct heap *h, node_id from, uint64_t offset, node_id to)
{
	const enum glib_kind kind = kind_of(h, from);

	(void)to;
	if (kind == GLIB_ARRAY_ITEMS)
		return name_item(h, item_size(h, from), offset);
	if (kind == NR_GLIB_KINDS) /* an instance of a class, or a class */
		return offset == h->head[from] ? heap_intern_name(h, CLASS_POINTER) : NULL;

	const char *member = offset / 8 < MEMBERS_MAX ? kinds[kind].members[offset / 8] : NULL;

	return member ? heap_intern_name(h, member) : NULL;
}

static enum word_use use_of_item(const struct heap *h, node_id from, uint64_t offset, uint64_t size,
				 enum word_use use)
{
	const uint8_t *array = array_of(h, from);

	return array && offset / size >= load_half(array, GLIB_ARRAY_LEN) ? WORD_SLACK : use;
}

static enum word_use glib_use(struct heap *h, node_id from, uint64_t offset)
{
	const enum glib_kind kind = kind_of(h, from);

	switch (kind) {
	case GLIB_HASH_KEYS:
	case GLIB_HASH_VALUES:
	case GLIB_QUARKS:
	case GLIB_SLABS:
		return WORD_POINTER;
	case GLIB_PTR_ARRAY_ITEMS:
		return use_of_item(h, from, offset, 8, WORD_POINTER);
	case GLIB_ARRAY_ITEMS:
		return use_of_item(h, from, offset, item_size(h, from), WORD_UNKNOWN);
	case NR_GLIB_KINDS:
		return offset == h->head[from] ? WORD_POINTER : WORD_UNKNOWN;
	case GLIB_HASH_TABLE:
	case GLIB_HASH_NUMBERS:
	case GLIB_HASH_HASHES:
	case GLIB_PTR_ARRAY:
	case GLIB_ARRAY:
	case GLIB_BYTES_OR_ARRAY:
	case GLIB_STRING:
	case GLIB_STRING_TEXT:
	case GLIB_QUEUE:
	case GLIB_LIST:
	case GLIB_SLIST:
	case GLIB_TYPE_NODE:
	case GLIB_TYPE_DATA:
	case GLIB_SLAB:
		break;
	}
	return offset / 8 < MEMBERS_MAX && kinds[kind].members[offset / 8] ? WORD_POINTER
									   : WORD_UNKNOWN;
}

const struct type_ops glib_ops = {
	.is_edge = glib_is_edge,
	.relation = glib_relation,
	.use = glib_use,
};
