/* SPDX-License-Identifier: MIT */
/*
 * What a recogniser is and what it is given.  A recogniser looks at one object and says its type if
 * it is sure: a wrong type is worse than none.
 */
#ifndef TYPING_RECOGNISER_H
#define TYPING_RECOGNISER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "heap/heap.h"
#include "heap/symbol.h"

#define TYPE_UNSURE UINT32_MAX

/* Does it say no more than a label, or a guess at the bytes?  Whoever knows more is welcome. */
static inline bool type_is_open(const struct type *type)
{
	return type->flags & TYPE_FALLBACK || type->provenance == PROVENANCE_CONTENT;
}
/* The same of an object's; what is no object is not open. */
static inline bool object_is_open(const struct heap *h, node_id n)
{
	return node_is_object(h, n) && type_is_open(object_type(h, n));
}

struct typing {
	struct heap *heap;
	const struct dump_blocks *blocks;
	bool has_text; /* contents=full: bytes that are no pointers are what they were, not zeroed
			*/

	uint8_t *contents;    /* [nr_objects] typing/content.c; NULL without has_text */
	uint32_t *tag_types;	/* [nr attrs] type + 1, 0 until asked for; typing/tag.c */
	uint32_t *site_types;	/* [nr stack nodes] the same; typing/label.c */
	struct map vtables;	/* (first word, 0) -> type or TYPE_UNSURE; typing/vtable.c */
	struct map metaclasses; /* (vtable of a type_info, 0) -> which of __cxxabiv1's, 0 none;
				   typing/rtti.c */
};

/* The type of object n, or TYPE_UNSURE.  bytes are its contents (size of them), NULL where the dump
 * has none. */
typedef uint32_t recognise_fn(struct typing *t, node_id n, const uint8_t *bytes, uint64_t size);

#define RECOGNISER_DECLARE(function, summary) recognise_fn function;
#include "typing/list.h"
RECOGNISERS(RECOGNISER_DECLARE)
#undef RECOGNISER_DECLARE

/* Before any object has a type: looks at bytes in several threads, where there are (content.c). */
void content_look_ahead(struct typing *t);
/* Then: what typing by debug information keeps with the heap, and which
 * functions are allocation wrappers (typing/native/settle.c). */
void native_begin(struct typing *t);
/* After every object has its first type: takes back the vtable types that an object's size shows to
 * be wrong (typing/vtable.c). */
void vtable_settle(struct typing *t);
/* Then: memory of std:: containers (typing/container/settle.c). */
void container_settle(struct typing *t);
/* Strings of redis (typing/sds.c). */
void sds_settle(struct typing *t);
/* The type of objects whose first word is `vtable`; TYPE_UNSURE: it is none. */
uint32_t vtable_get_type(struct typing *t, uint64_t vtable);
/* Is it known by a vtable, and no array? */
bool vtable_is_single(const struct type *type);
/* The type of blocks that begin with that word; TYPE_UNSURE: it is no vtable, or of no block. */
uint32_t vtable_find_type(const struct typing *t, uint64_t word);
/* Containers and objects of GLib (typing/glib/settle.c). */
void glib_settle(struct typing *t);
/* Arenas in which many objects with vtables lie (typing/arena.c). */
void arena_settle(struct typing *t);
/* Chunks of obstacks and pools (typing/pool.c). */
void pool_settle(struct typing *t);
/* Then: types by debug information (typing/native/settle.c). */
void native_settle(struct typing *t);
/* Hash tables that programs made themselves (typing/hash.c). */
void hash_settle(struct typing *t);
/* Buffers whose length stands beside what leads to them (typing/counted.c). */
void counted_settle(struct typing *t);
/* At last: labels by what leads to a block (typing/held.c). */
void held_settle(struct typing *t);

#endif
