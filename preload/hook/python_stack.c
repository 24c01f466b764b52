/* SPDX-License-Identifier: MIT */
/*
 * From frames to depot nodes, without doing anything twice (hook/python_stack.h).
 *
 * The frames are read each time: three words each, which is all that tells whether they are the
 * same as before.  What costs is kept by the thread: the chain that it saw last, outermost frame
 * first, with the node of each, of which as much is taken over as is equal; and a cache from
 * (code object, instruction) to places.
 *
 * A code object may die, and another one get its address.  Which one it is the census knows: a
 * block's birth is its own for ever.  One that the interpreter was built with has no birth and
 * never dies; what is neither is looked up each time.
 *
 * Inside the door, like all that finds sites; keeps errno.
 */
#include "hook/python_stack.h"

#include <heapcensus/dump_format.h>

#include "live/live.h"
#include "live/objects.h"
#include "rt/private.h"
#include "stack/depot.h"
#include "stack/location.h"
#include "stack/unwind.h"
#include "target/python.h"
#include "target/python_frame.h"

#include "rt/ban.h"

#define NR_CACHED 1024u

/* An instruction of a code object. */
struct spot {
	uint64_t code, birth;
	uint64_t at; /* as in struct python_frame */
};

/* One a thread, and its successors; at thread->python_memo. */
struct python_memo {
	uint32_t nr;
	struct {
		struct spot spot;
		uint32_t node;
	} chain[UNWIND_DEPTH_MAX]; /* outermost first */
	struct {
		struct spot spot;
		uint32_t place; /* 0: empty */
	} cache[NR_CACHED];
};

#define BIRTH_STATIC  1ul /* no block's: all have a thread */
#define BIRTH_UNKNOWN 0ul

static uint64_t find_birth(uint64_t code)
{
	const struct object_record *const object = object_find_record(code);
	struct live_block block;

	if (object && record_thread(object->birth))
		return object->birth;
	if (!live_find(PLANE_PYTHON, code, &block) && !live_find(PLANE_MALLOC, code, &block))
		return python_is_static(code) ? BIRTH_STATIC : BIRTH_UNKNOWN;
	/* Threads without a slot of their own share their births. */
	return record_thread(block.b) ? block.b : BIRTH_UNKNOWN;
}

static bool is_same(const struct spot *a, const struct spot *b)
{
	return a->code == b->code && a->at == b->at && a->birth == b->birth &&
	       a->birth != BIRTH_UNKNOWN;
}

static uint32_t make_place(const struct spot *s)
{
	char file[PYTHON_TEXT_MAX], function[PYTHON_TEXT_MAX];

	if (!python_is_code(s->code))
		return 0;
	const uint32_t file_len = python_read_file(s->code, file);
	const uint32_t function_len = python_read_function(s->code, function);

	return location_intern(file, file_len, function, function_len,
			       python_find_line(s->code, (uint64_t)((int64_t)s->at >> 1)));
}

static uint32_t find_place(struct python_memo *memo, const struct spot *s)
{
	const uint64_t hash = (s->code ^ s->at << 20) * 0x9e3779b97f4a7c15;
	typeof(memo->cache[0]) *const cached = &memo->cache[hash >> 54];

	_Static_assert(NR_CACHED == 1u << (64 - 54), "the shift gives an index");
	if (!is_same(&cached->spot, s)) {
		cached->spot = *s;
		cached->place = make_place(s);
	}
	return cached->place;
}

/* The node of one more frame.  0 where it found no room. */
static uint32_t add_frame(struct python_memo *memo, const struct spot *s, uint32_t parent)
{
	const uint32_t place = find_place(memo, s);

	if (!place)
		COUNT(python_frames_lost);
	return depot_intern(HC_STACK_PYTHON | (s->at & 1 ? HC_STACK_ENTRY : 0) | place, parent);
}

/* The node of the innermost frame. */
static uint32_t intern_frames(struct python_memo *memo, const struct python_frames *frames)
{
	bool same = true;
	uint32_t node = 0;

	for (uint32_t i = 0; i < frames->nr; i++) {
		const struct python_frame *const f = &frames->items[frames->nr - 1 - i];
		typeof(memo->chain[0]) *const kept = &memo->chain[i];
		const struct spot spot = { f->code, find_birth(f->code), f->at };

		same = same && i < memo->nr && is_same(&kept->spot, &spot);
		if (!same) {
			kept->spot = spot;
			kept->node = add_frame(memo, &spot, node);
			memo->nr = kept->node ? i + 1 : i;
		}
		node = kept->node;
		if (!node)
			return 0;
	}
	return node;
}

static struct python_memo *get_memo(struct thread *t)
{
	if (!t->python_memo)
		t->python_memo = private_calloc(1, sizeof(struct python_memo));
	return t->python_memo;
}

uint32_t python_stack_add(struct thread *t, uint32_t native, uint32_t depth)
{
	struct python_frame items[UNWIND_DEPTH_MAX];
	struct python_frames frames = { .items = items, .max = depth };
	uint32_t node;

	if (!target_python.has_frames)
		return native;
	const uint64_t state = python_find_state(t->python_layer != NULL, t->tls);
	struct python_memo *const memo = state ? get_memo(t) : NULL;

	if (!memo)
		return native;
	python_read_frames(state, &frames);
	if (frames.is_cut)
		COUNT(python_stacks_truncated);
	node = intern_frames(memo, &frames);
	if (!node)
		return native;
	return depot_intern(HC_STACK_BOTH | (frames.is_empty ? HC_STACK_EMPTY : 0) | node, native);
}
