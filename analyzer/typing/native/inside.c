/* SPDX-License-Identifier: MIT */
/*
 * A typed pointer into the middle of a slab says what lies there, and what lies there has typed
 * pointers again.  Nothing says how large it is but its type, and that it is still there; so all of
 * it is a guess.  A block with many such objects, at other places than an array has them, is an
 * arena; what its type says to be bytes, or a pool's chunk, is what it was, with objects inside.
 */
#include "typing/native/inside.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/frame.h"
#include "typing/arena.h"
#include "typing/native/block.h"
#include "typing/native/debug.h"
#include "typing/native/layout.h"
#include "typing/native/propagate.h"

#define DEPTH_MAX   32	/* members in members */
#define POOL_HEADER 16u /* at least, of those that typing/pool.c knows */
#define LINK_SIZE   16u /* leading to its own kind only: a link, a member of other things */

/* An object that a pointer leads to. */
struct spot {
	uint64_t addr;
	const struct ctype *type; /* NULL: two pointers disagree */
	node_id block;
};

struct inside {
	struct native *native;
	struct spot *spots;
	size_t nr, room;
	struct map by_addr; /* (address, 0) -> index of the spot */
	size_t done;	    /* spots whose own pointers were followed */
};

/* Where objects may lie in a block. */
enum slab_kind { SLAB_NONE, SLAB_GUESS, SLAB_KNOWN };
struct slab {
	enum slab_kind kind;
	uint64_t start; /* offset */
};

static bool is_bytes(const struct ctype *t)
{
	return t->kind == CTYPE_CHAR || (t->size == 1 && !ctype_is_record(t));
}

/* What debug information says of the block is no more than a guess. */
static bool is_guessed(const struct native_block *b)
{
	return b->is_guess || !b->type ||
	       (b->belief != BELIEF_POINTED && b->belief != BELIEF_SITE &&
		b->belief != BELIEF_PART);
}

static struct slab find_slab(struct native *n, node_id block)
{
	const struct native_block *b = &n->blocks[block];
	const struct type *type = object_type(n->heap, block);
	const struct layout *l = b->type ? layout_get(n, b->type) : NULL;

	if (!node_is_object(n->heap, block) || block_size(n->heap, block) < ARENA_SIZE_MIN)
		return (struct slab){ SLAB_NONE, 0 };
	if (!strncmp(type->name, "arena (", strlen("arena (")))
		return (struct slab){ SLAB_KNOWN,
				      type->provenance == PROVENANCE_LAYOUT ? POOL_HEADER : 0 };
	if (!block_is_open(n, block))
		return (struct slab){ SLAB_NONE, 0 };
	if (b->type && is_bytes(ctype_complete(n, b->type)))
		return (struct slab){ SLAB_GUESS, 0 };
	if (is_guessed(b))
		return (struct slab){ SLAB_GUESS, 0 };
	if (l->rest && is_bytes(ctype_complete(n, l->rest)))
		return (struct slab){ SLAB_KNOWN, l->rest_offset };
	return (struct slab){ SLAB_NONE, 0 };
}

/* A link that is a member of other things says nothing of them. */
static bool is_link(struct native *n, const struct ctype *t)
{
	const struct layout *l = layout_get(n, t);

	for (size_t i = 0; i < l->nr; i++) {
		if (ctype_complete(n, l->pointers[i].target) != t)
			return false;
	}
	return l->nr && t->size <= LINK_SIZE;
}

/* The block that a word leads into; of one that was found inside an arena, that. */
static node_id find_block(const struct native *n, uint64_t word)
{
	const struct dump_blocks *b = dump_blocks(n->heap->dump);
	node_id block = word ? dump_find_block(n->heap->dump, word) : NODE_NONE;

	while (block != NODE_NONE && b->flags[block] & DUMP_BLOCK_INSERTED)
		block = b->parent[block];
	return block;
}

static void note(struct inside *in, const struct ctype *target, uint64_t word)
{
	struct native *n = in->native;
	const node_id block = find_block(n, word);
	const struct dump_blocks *b = dump_blocks(n->heap->dump);

	if (block == NODE_NONE || b->size[block] < ARENA_SIZE_MIN)
		return;
	target = ctype_complete(n, target);

	const struct slab slab = find_slab(n, block);
	const uint64_t offset = word - b->addr[block];

	if (slab.kind == SLAB_NONE || offset < slab.start || target->kind != CTYPE_STRUCT ||
	    target->size < 8 || word % 8 || target->size > b->size[block] - offset ||
	    is_link(n, target))
		return;

	uint64_t *known = map_find_or_insert(&in->by_addr, word, 0);

	if (*known == MAP_EMPTY) {
		*known = in->nr;
		in->spots = array_grow(in->spots, in->nr, &in->room, sizeof(*in->spots));
		in->spots[in->nr++] = (struct spot){ word, target, block };
		return;
	}

	struct spot *spot = &in->spots[*known];

	if (!spot->type || spot->type == target || ctype_begins_with(n, spot->type, target))
		return;
	spot->type = ctype_begins_with(n, target, spot->type) ? target : NULL;
}

/* One object of type t whose bytes are those. */
static void note_object(struct inside *in, const struct ctype *t, const uint8_t *bytes,
			uint64_t len)
{
	const struct layout *l = layout_get(in->native, t);

	for (size_t i = 0; i < l->nr && l->pointers[i].offset + 8 <= len; i++) {
		uint64_t word;

		memcpy(&word, bytes + l->pointers[i].offset, sizeof(word));
		note(in, l->pointers[i].target, word);
	}
}

static void note_elements(struct inside *in, const struct ctype *t, const uint8_t *bytes,
			  uint64_t len)
{
	const uint64_t size = ctype_complete(in->native, t)->size;

	if (!size || !layout_get(in->native, t)->nr)
		return;
	for (uint64_t at = 0; at + size <= len; at += size)
		note_object(in, t, bytes + at, size);
}

static void note_block(struct inside *in, node_id block)
{
	struct native *n = in->native;
	const struct native_block *b = &n->blocks[block];
	const uint8_t *bytes = b->type ? dump_block_bytes(n->heap->dump, block) : NULL;
	const uint64_t size = block_size(n->heap, block);

	if (!bytes || b->is_guess)
		return;
	if (block_find_fit(n, block) == CTYPE_FIT_MANY) {
		note_elements(in, b->type, bytes, size);
		return;
	}
	note_object(in, b->type, bytes, size);

	const struct layout *l = layout_get(n, b->type);

	if (l->rest && l->rest_offset < size)
		note_elements(in, l->rest, bytes + l->rest_offset, size - l->rest_offset);
}

static void note_variable(void *arg, const struct variable *v)
{
	struct inside *in = arg;
	const struct ctype *t = ctype_complete(in->native, v->type);
	const uint8_t *bytes =
		t->size ? dump_find_bytes(in->native->heap->dump, v->addr, t->size) : NULL;

	if (bytes)
		note_object(in, t, bytes, t->size);
}

static void note_frame(void *arg, const struct frame *f)
{
	debug_each_local(((struct inside *)arg)->native, f, note_variable, arg);
}

static void find_spots(struct inside *in)
{
	struct native *n = in->native;

	for (node_id i = 0; i < n->heap->nr_objects; i++)
		note_block(in, i);
	for (size_t i = 0; i < n->nr_modules; i++) {
		if (debug_has_types(n, i))
			debug_each_global(n, i, note_variable, in);
	}
	heap_each_frame(n->heap, note_frame, in);
	while (in->done < in->nr) {
		const struct spot spot = in->spots[in->done++];
		const uint8_t *bytes =
			spot.type ? dump_find_bytes(n->heap->dump, spot.addr, spot.type->size)
				  : NULL;

		if (bytes && layout_is_plausible(n, spot.type, bytes, spot.type->size))
			note_object(in, spot.type, bytes, spot.type->size);
	}
}

static int compare_spots(const void *a, const void *b)
{
	const struct spot *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* Without what is contested, implausible, or inside another. */
static void keep_plausible(struct inside *in)
{
	struct native *n = in->native;
	uint64_t end = 0;
	size_t kept = 0;

	if (in->nr)
		qsort(in->spots, in->nr, sizeof(*in->spots), compare_spots);
	for (size_t i = 0; i < in->nr; i++) {
		const struct spot s = in->spots[i];
		const uint8_t *bytes =
			s.type ? dump_find_bytes(n->heap->dump, s.addr, s.type->size) : NULL;

		if (s.addr < end || !bytes || !layout_is_plausible(n, s.type, bytes, s.type->size))
			continue;
		end = s.addr + s.type->size;
		in->spots[kept++] = s;
	}
	in->nr = kept;
}

static size_t count_spots(const struct inside *in, size_t first)
{
	size_t nr = 1;

	while (first + nr < in->nr && in->spots[first + nr].block == in->spots[first].block)
		nr++;
	return nr;
}

/* Does an object of type t have a `part` at that offset? */
static bool has_part(struct native *n, const struct ctype *t, uint64_t offset,
		     const struct ctype *part)
{
	for (int depth = 0; depth < DEPTH_MAX; depth++) {
		const struct ctype_member *m = NULL;

		t = ctype_complete(n, t);
		if (!offset && ctype_begins_with(n, t, part))
			return true;
		if (t->kind == CTYPE_ARRAY && t->target->size) {
			offset %= t->target->size;
			t = t->target;
			continue;
		}
		if (ctype_is_record(t))
			m = ctype_find_member(t, offset);
		if (!m)
			return false;
		offset -= m->offset;
		t = m->type;
	}
	return false;
}

/* Is all of it as in an array of t, which pointers lead to elements and parts of? */
static bool is_array_of(const struct inside *in, const struct spot *spots, size_t nr,
			const struct ctype *t)
{
	struct native *n = in->native;
	const uint64_t start = dump_blocks(n->heap->dump)->addr[spots[0].block];

	t = ctype_complete(n, t);
	for (size_t i = 0; t->size && i < nr; i++) {
		if (!has_part(n, t, (spots[i].addr - start) % t->size, spots[i].type))
			return false;
	}
	return t->size;
}

static bool is_array(const struct inside *in, const struct spot *spots, size_t nr)
{
	const struct ctype *believed = in->native->blocks[spots[0].block].type;
	const struct ctype *largest = spots[0].type;

	for (size_t i = 1; i < nr; i++) {
		if (spots[i].type->size > largest->size)
			largest = spots[i].type;
	}
	return is_array_of(in, spots, nr, largest) ||
	       (believed && is_array_of(in, spots, nr, believed));
}

static bool is_arena(const struct inside *in, const struct spot *spots, size_t nr)
{
	struct native *n = in->native;

	switch (find_slab(n, spots[0].block).kind) {
	case SLAB_KNOWN:
		return true;
	case SLAB_GUESS:
		return nr >= ARENA_OBJECTS_MIN && !is_array(in, spots, nr) &&
		       arena_is_round(block_size(n->heap, spots[0].block));
	case SLAB_NONE:
		break;
	}
	return false;
}

/* Lists the objects of a block, and believes what their pointers say of other blocks; those of
 * blocks that get their name from them are in named. */
static void list_block(struct inside *in, const struct spot *spots, size_t nr,
		       struct interior *named, size_t *nr_named)
{
	struct heap *h = in->native->heap;
	const bool is_guess = find_slab(in->native, spots[0].block).kind == SLAB_GUESS;

	for (size_t i = 0; i < nr; i++) {
		const struct interior inner = {
			.addr = spots[i].addr,
			.size = spots[i].type->size,
			.arena = spots[i].block,
			.type = heap_intern_type(h, spots[i].type->name, PROVENANCE_INFERRED, 0),
		};

		heap_add_interior(h, inner);
		propagate_object(in->native, spots[i].type, spots[i].addr);
		if (is_guess)
			named[(*nr_named)++] = inner;
	}
}

void inside_settle(struct native *n)
{
	struct inside in = { .native = n };
	struct interior *named;
	size_t nr_named = 0;

	find_spots(&in);
	keep_plausible(&in);
	named = xcalloc(in.nr + 1, sizeof(*named));
	for (size_t i = 0, nr; i < in.nr; i += nr) {
		nr = count_spots(&in, i);
		if (is_arena(&in, &in.spots[i], nr))
			list_block(&in, &in.spots[i], nr, named, &nr_named);
	}
	arena_name(n->heap, named, nr_named);
	for (size_t i = 0; i < nr_named; i++)
		n->blocks[named[i].arena] = (struct native_block){ 0 };
	free(named);
	free(in.spots);
	map_deinit(&in.by_addr);
}
