/* SPDX-License-Identifier: MIT */
/*
 * GLib's own structures, in processes that have the library: containers and GObject instances, by
 * the layouts of GLib 2.60 and later, which is what its words lead to and how large that is.  No
 * debug information is needed, nor the library's file.
 */
#ifndef TYPING_GLIB_GLIB_H
#define TYPING_GLIB_GLIB_H

#include "base/map.h"
#include "base/word.h"
#include "typing/recogniser.h"

/* What GLib makes.  name, type, flags, members by word */
#define GLIB_KINDS(X) \
	X(HASH_TABLE, "GHashTable", 0, NULL, NULL, NULL, NULL, ".keys", ".hashes", ".values") \
	X(HASH_KEYS, "GHashTable keys", TYPE_POINTER_ARRAY, NULL) \
	X(HASH_VALUES, "GHashTable values", TYPE_POINTER_ARRAY, NULL) \
	X(HASH_NUMBERS, "GHashTable numbers", TYPE_NO_POINTERS, NULL) \
	X(HASH_HASHES, "GHashTable hashes", TYPE_NO_POINTERS, NULL) \
	X(PTR_ARRAY, "GPtrArray", 0, ".pdata") \
	X(PTR_ARRAY_ITEMS, "GPtrArray items", TYPE_POINTER_ARRAY, NULL) \
	X(ARRAY, "GArray", 0, ".data") \
	X(BYTES_OR_ARRAY, "GArray/GByteArray", 0, ".data") \
	X(ARRAY_ITEMS, "GArray items", 0, NULL) \
	X(STRING, "GString", 0, ".str") \
	X(STRING_TEXT, "GString text", TYPE_NO_POINTERS, NULL) \
	X(QUEUE, "GQueue", 0, ".head", ".tail") \
	X(LIST, "GList", 0, ".data", ".next", ".prev") \
	X(SLIST, "GSList", 0, ".data", ".next") \
	X(TYPE_NODE, "TypeNode", 0, NULL, ".plugin", NULL, ".children", ".data", NULL, \
	  ".global_gdata", ".offsets", ".prerequisites") \
	X(TYPE_DATA, "TypeData", 0, NULL) \
	X(QUARKS, "GQuark names", TYPE_POINTER_ARRAY, NULL) \
	X(SLABS, "GSlice slabs", TYPE_POINTER_ARRAY, NULL) \
	X(SLAB, "arena (GSlice)", 0, NULL)

enum glib_kind {
#define GLIB_KIND_ENUM(name, ...) GLIB_##name,
	GLIB_KINDS(GLIB_KIND_ENUM)
#undef GLIB_KIND_ENUM
		NR_GLIB_KINDS,
};

/* In GPtrArray and GArray. */
#define GLIB_ARRAY_LEN	8u
#define GLIB_ARRAY_ITEM 16u /* of a GArray only */

/* Who asked GLib's allocator for a block. */
enum glib_maker_kind {
	GLIB_MAKER_NONE,     /* it is not from there */
	GLIB_MAKER_UNKNOWN,  /* the stack goes no further */
	GLIB_MAKER_FUNCTION, /* a function of GLib */
	GLIB_MAKER_PROGRAM,  /* anybody else */
};

struct glib_maker {
	enum glib_maker_kind kind;
	const char *function;
};

/* While types are named. */
struct glib {
	struct typing *typing;
	struct heap *heap;
	const struct dump_blocks *blocks;
	const uint8_t *is_library; /* [nr modules] */
	struct map makers;	   /* (stack, 0) -> struct glib_maker * */

	/* slice.c */
	node_id *slabs;
	size_t nr_slabs, slabs_room;
	struct map chunk_sizes; /* (slab, 0) -> bytes of its chunks */
	struct map inside;	/* (address, 0) -> type, of what was found in slabs */
};

/* Where an object may be: a block, or inside a slab. */
struct glib_place {
	node_id block;
	uint64_t offset; /* in it */
	const uint8_t *bytes;
	uint64_t size; /* of the object */
	bool is_inside;
};
typedef bool glib_place_fn(struct glib *g, const struct glib_place *p);

/* The start of a block, of exactly that size; NODE_NONE: it is none. */
node_id glib_find_block(const struct glib *g, uint64_t addr, uint64_t size);
/* Says what block n is.  False: something surer has said so. */
bool glib_name(struct glib *g, node_id n, enum glib_kind kind);
/* The same of a place; is_sure: it is no guess. */
bool glib_name_place(struct glib *g, const struct glib_place *p, enum glib_kind kind, bool is_sure);
/* An object inside a slab, unless one is known there. */
void glib_add_inside(struct glib *g, const struct glib_place *p, uint32_t type);
/* Says what the block is to which the word at offset of an object leads, for which it counts. */
void glib_name_part(struct glib *g, const struct glib_place *p, uint64_t offset, node_id part,
		    enum glib_kind kind);
/* maker.c */
const struct glib_maker *glib_find_maker(struct glib *g, node_id n);
/* The same of what lies in a slab, which is not known. */
const struct glib_maker *glib_maker_of(struct glib *g, const struct glib_place *p);

/* slice.c: chunks are multiples of that, and begin at such addresses */
#define GLIB_CHUNK_ALIGN 16u
void glib_find_slabs(struct glib *g);
void glib_name_slabs(struct glib *g);
/* Of a slab's chunks; 0: the block is none. */
uint64_t glib_chunk_size(const struct glib *g, node_id block);
/* Every place in slabs where an object of that size may be. */
void glib_each_chunk(struct glib *g, uint64_t size, glib_place_fn *fn);
/* And every block of that size that GLib's allocator made. */
void glib_each_place(struct glib *g, uint64_t size, glib_place_fn *fn);
/* The bytes of a block or chunk of that size; NULL: there is none. */
const uint8_t *glib_read_place(const struct glib *g, uint64_t addr, uint64_t size);
/* relation.c */
extern const struct type_ops glib_ops;

/* array.c: GHashTable, GPtrArray, GArray, GString */
void glib_settle_arrays(struct glib *g);
/* list.c: GList, GSList, GQueue */
void glib_settle_lists(struct glib *g);
/* object.c: instances of classes */
void glib_settle_objects(struct glib *g);

#endif
