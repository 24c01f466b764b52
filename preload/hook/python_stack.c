/* SPDX-License-Identifier: MIT */
/*
 * From frames to depot nodes, without doing anything twice (hook/python_stack.h).
 *
 * The frames are read each time: three words each, which is all that tells whether they are the
 * same as before.  What costs is kept by the thread: the chain that it saw last, outermost frame
 * first, with the node of each, of which as much is taken over as is equal; a cache from (parent
 * node, code object, instruction) to nodes, and one from (code object, instruction) to places.
 *
 * A code object may die, and another one get its address.  So each that is kept here is watched
 * (live_watch): while no watched block has died, all are what they were.  After that each one's
 * birth tells, which is a block's own for ever.  Code that the interpreter was built with has no
 * birth and never dies; what is neither is looked up each time.
 *
 * Inside the door, like all that finds sites; keeps errno.
 */
#include "hook/python_stack.h"

#include <heapcensus/dump_format.h>

#include "live/live.h"
#include "rt/private.h"
#include "stack/depot.h"
#include "stack/location.h"
#include "stack/unwind.h"
#include "target/python.h"
#include "target/python_frame.h"

#include "rt/ban.h"

#define PLACES_SHIFT  12
#define NODES_SHIFT   12
#define BIRTH_STATIC  1ul /* no block's: all have a thread */
#define BIRTH_UNKNOWN 0ul

/* A place, as long as the code object is that one. */
struct cached_place {
	struct python_frame frame;
	uint64_t birth;
	uint32_t place;
	uint32_t nr_dropped; /* live_nr_dropped when it was last known to be that one */
};

struct cached_node {
	struct python_frame frame;
	uint32_t parent, node; /* node 0: empty */
	uint32_t nr_dropped;
};

/* One a thread, and its successors; at thread->python_memo. */
struct python_memo {
	uint32_t nr;
	uint32_t nr_dropped; /* of now */
	struct {
		struct python_frame frame;
		uint32_t node;
		uint32_t nr_dropped;
	} chain[UNWIND_DEPTH_MAX]; /* outermost first */
	struct cached_node nodes[1u << NODES_SHIFT];
	struct cached_place places[1u << PLACES_SHIFT];
};

static bool is_same(const struct python_frame *a, const struct python_frame *b)
{
	return a->code == b->code && a->at == b->at;
}

static uint32_t hash_frame(const struct python_frame *f, uint32_t parent, uint32_t shift)
{
	const uint64_t hash = (f->code ^ f->at << 20 ^ (uint64_t)parent << 40) * 0x9e3779b97f4a7c15;

	return (uint32_t)(hash >> (64 - shift));
}

/* From now on its end is noticed. */
static uint64_t find_birth(uint64_t code)
{
	uint64_t birth;

	if (!live_watch(code, &birth))
		return python_is_static(code) ? BIRTH_STATIC : BIRTH_UNKNOWN;
	/* Threads without a slot of their own share their births. */
	return record_thread(birth) ? birth : BIRTH_UNKNOWN;
}

/* Rare, and with large buffers: not on the stack of every allocation. */
__attribute__((noinline)) static uint32_t make_place(const struct python_frame *f)
{
	char file[PYTHON_TEXT_MAX], function[PYTHON_TEXT_MAX];

	if (!python_is_code(f->code))
		return 0;
	const uint32_t file_len = python_read_file(f->code, file);
	const uint32_t function_len = python_read_function(f->code, function);

	return location_intern(file, file_len, function, function_len,
			       python_find_line(f->code, (uint64_t)((int64_t)f->at >> 1)));
}

/* *known: the place is true until some watched block dies. */
static uint32_t find_place(struct python_memo *memo, const struct python_frame *f, bool *known)
{
	struct cached_place *const cached = &memo->places[hash_frame(f, 0, PLACES_SHIFT)];
	const bool same = is_same(&cached->frame, f);
	uint64_t birth = cached->birth;

	if (!same || cached->nr_dropped != memo->nr_dropped || birth == BIRTH_UNKNOWN)
		birth = find_birth(f->code);
	if (!same || cached->birth != birth || birth == BIRTH_UNKNOWN)
		cached->place = make_place(f);
	cached->frame = *f;
	cached->birth = birth;
	cached->nr_dropped = memo->nr_dropped;
	*known = birth != BIRTH_UNKNOWN;
	return cached->place;
}

/* The node of one more frame.  0 where it found no room.  Not *known: it is to be asked for again
 * each time. */
static uint32_t add_frame(struct python_memo *memo, const struct python_frame *f, uint32_t parent,
			  bool *known)
{
	struct cached_node *const cached = &memo->nodes[hash_frame(f, parent, NODES_SHIFT)];

	*known = true;
	if (cached->node && cached->parent == parent && is_same(&cached->frame, f) &&
	    cached->nr_dropped == memo->nr_dropped)
		return cached->node;
	const uint32_t place = find_place(memo, f, known);
	const uint32_t node =
		depot_intern(HC_STACK_PYTHON | (f->at & 1 ? HC_STACK_ENTRY : 0) | place, parent);

	if (!place)
		COUNT(python_frames_lost);
	*cached = (struct cached_node){ *f, parent, *known ? node : 0, memo->nr_dropped };
	return node;
}

/* The node of the innermost frame. */
static uint32_t intern_frames(struct python_memo *memo, const struct python_frames *frames)
{
	bool same = true, known;
	uint32_t node = 0;

	for (uint32_t i = 0; i < frames->nr; i++) {
		const struct python_frame *const f = &frames->items[frames->nr - 1 - i];
		typeof(memo->chain[0]) *const kept = &memo->chain[i];

		same = same && i < memo->nr && is_same(&kept->frame, f) &&
		       kept->nr_dropped == memo->nr_dropped;
		if (!same) {
			node = add_frame(memo, f, node, &known);
			kept->frame = *f;
			kept->node = node;
			kept->nr_dropped = known ? memo->nr_dropped : memo->nr_dropped - 1;
			memo->nr = i + 1;
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
	if (t->python_memo) /* pairs with the release of who forgets a block */
		t->python_memo->nr_dropped = __atomic_load_n(&live_nr_dropped, __ATOMIC_ACQUIRE);
	return t->python_memo;
}

/* Of a thread that runs Python code: others have less stack than this takes. */
__attribute__((noinline)) static uint32_t add_frames(struct thread *t, uint64_t state,
						     uint32_t native, uint32_t depth)
{
	struct python_frame items[UNWIND_DEPTH_MAX];
	struct python_frames frames = { .items = items, .max = depth };
	struct python_memo *const memo = get_memo(t);

	if (!memo)
		return native;
	python_read_frames(state, &frames);
	if (frames.is_cut)
		COUNT(python_stacks_truncated);
	const uint32_t node = intern_frames(memo, &frames);

	if (!node)
		return native;
	return depot_intern_again(t->depot_memo,
				  HC_STACK_BOTH | (frames.is_empty ? HC_STACK_EMPTY : 0) | node,
				  native);
}

uint32_t python_stack_add(struct thread *t, uint32_t native, uint32_t depth)
{
	if (!target_python.has_frames)
		return native;
	const uint64_t state = python_find_state(t->python_layer != NULL, t->tls);

	return state ? add_frames(t, state, native, depth) : native;
}
