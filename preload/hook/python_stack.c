/* SPDX-License-Identifier: MIT */
/*
 * From frames to depot nodes, without doing anything twice (hook/python_stack.h).
 *
 * A thread keeps the chain that it saw last, outermost frame first: of each frame its address, the
 * words of it that tell what it is (target/python_frame.h), and the node of it and all further out.
 * The next chain is read, innermost frame first, until it comes to a frame at the address of a kept
 * one; from there on every word that reading would read is compared with what it was, the link to
 * the next frame first, so that what is read next is a frame of this chain.  Nothing is assumed of
 * where frames lie or how long they live: that frame may be another call's by now, a generator's,
 * one of a greenlet that has been switched to; equal words are an equal frame.  What the words do
 * not hold is the code object: hook/python_place.h watches them all, and when one has died nothing
 * is kept.
 *
 * Inside the door, like all that finds sites; keeps errno.
 */
#include "hook/python_stack.h"

#include <heapcensus/dump_format.h>

#include "hook/python_place.h"
#include "hook/python_verify.h"
#include "live/live.h"
#include "rt/private.h"
#include "stack/depot.h"
#include "stack/unwind.h"
#include "target/python.h"
#include "target/python_frame.h"

#include "rt/ban.h"

#define KEPT_MAX     512 /* of a kept chain */
#define SHORT_CHAINS 255
#define SLOTS_SHIFT  8

/* Frames that are not shown are few, but that C's may stand before each (3.12). */
#define RAW_FRAMES(depth) (2 * (depth) + 8)
_Static_assert(RAW_FRAMES(UNWIND_DEPTH_MAX) <= KEPT_MAX, "a chain that is cut can be read");

struct kept_frame {
	struct python_words words;
	struct python_frame is; /* where it is shown */
	uint32_t node;		/* of this frame and those further out, from `root` on */
	uint16_t nr_shown;	/* of these, those that are shown */
	bool is_shown;
	bool is_waiting; /* its loop, which C has entered, has shown no frame so far */
};

/* One a thread, and its successors; at thread->python_memo. */
struct python_memo {
	uint32_t nr;
	uint32_t nr_sure; /* what is further in the next chain may not share */
	uint32_t root;	  /* so many that are shown have no node: the chain is cut there */
	uint32_t nr_fresh;
	uint8_t nr_short; /* chains that are read no further than they are kept, since the last one
			     that was not had more than KEPT_MAX frames, and is not kept */
	uint16_t slots[1u << SLOTS_SHIFT];   /* where a frame of that address may be in kept */
	struct kept_frame kept[KEPT_MAX];    /* [nr] outermost first */
	struct python_words fresh[KEPT_MAX]; /* [nr_fresh] innermost first: of the chain being read
					      */
	struct python_places places;
};

static uint16_t *find_slot(struct python_memo *memo, uint64_t frame)
{
	return &memo->slots[frame * 0x9e3779b97f4a7c15 >> (64 - SLOTS_SHIFT)];
}

/* ---- the last chain ---- */

/* Frame i is at its address.  Is it what it was, and all further out?  *broken: the first that is
 * not. */
static inline bool goes_on(const struct python_memo *memo, uint32_t i, uint32_t *broken)
{
	const struct kept_frame *f = &memo->kept[i];

	for (; f > memo->kept; f--)
		if (!python_is_unchanged(&f->words, f[-1].words.frame))
			break;
	*broken = (uint32_t)(f - memo->kept);
	return f == memo->kept && python_is_unchanged(&f->words, 0);
}

/* How many of the kept frames the chain goes on with at that frame.  *nr: those that come into
 * question for it, and for frames further out. */
static inline uint32_t find_shared(struct python_memo *memo, uint64_t frame, uint32_t *nr)
{
	const uint32_t i = *find_slot(memo, frame);

	if (i >= *nr || memo->kept[i].words.frame != frame)
		return 0;
	return goes_on(memo, i, nr) ? i + 1 : 0;
}

/* Reads what is new into memo->fresh, until the last chain is met (*shared of its frames go on) or
 * the chain ends.  False: it is longer than that. */
static inline bool read_chain(struct python_memo *memo, uint64_t frame, uint32_t max,
			      uint32_t *shared)
{
	uint32_t nr = memo->nr, nr_fresh = 0;

	for (*shared = 0; frame; frame = python_outer_frame(frame)) {
		*shared = find_shared(memo, frame, &nr);
		if (*shared || nr_fresh == max)
			break;
		python_read_words(frame, &memo->fresh[nr_fresh++]);
	}
	memo->nr_fresh = nr_fresh;
	return !frame || *shared;
}

/* ---- nodes ---- */

/* A frame that is new, further in than all kept ones. */
static void keep(struct python_memo *memo, const struct python_words *words)
{
	struct kept_frame *const f = &memo->kept[memo->nr];
	const struct kept_frame *const outer = memo->nr ? f - 1 : NULL;

	f->words = *words;
	const uint32_t sort = python_decode_frame(words, &f->is);
	const bool waits = sort & PYTHON_FRAME_ENTRY || (outer && outer->is_waiting);

	f->is_shown = sort & PYTHON_FRAME_SHOWN;
	f->nr_shown = (uint16_t)((outer ? outer->nr_shown : 0) + f->is_shown);
	f->is_waiting = waits && !f->is_shown;
	f->is.at |= waits;
	*find_slot(memo, words->frame) = (uint16_t)memo->nr++;
}

/* Frame i gets its node.  False where there is no room. */
static bool add_node(struct python_memo *memo, uint32_t i)
{
	struct kept_frame *const f = &memo->kept[i];
	const uint32_t nr_outer = (uint32_t)f->nr_shown - f->is_shown;
	const uint32_t parent = nr_outer > memo->root ? f[-1].node : 0;
	bool known = !f->is.code;

	f->node = parent;
	if (f->is_shown && f->nr_shown > memo->root)
		f->node = python_find_node(&memo->places, &f->is, parent, &known);
	else if (f->is_shown)
		python_find_place(&memo->places, &f->is, &known);
	if (!known && i < memo->nr_sure)
		memo->nr_sure = i;
	return f->node || f->nr_shown <= memo->root;
}

/* The fresh frames take the place of what is not shared. */
static void remember(struct python_memo *memo, uint32_t shared)
{
	memo->nr = shared;
	memo->nr_sure = KEPT_MAX;
	while (memo->nr_fresh)
		keep(memo, &memo->fresh[--memo->nr_fresh]);
}

/* All kept frames get their nodes, which `shared` have but for those that another root gives.  The
 * innermost's. */
static uint32_t find_nodes(struct python_memo *memo, uint32_t shared, uint32_t depth)
{
	if (!memo->nr)
		return 0;
	const uint32_t root = unwind_choose_root(memo->kept[memo->nr - 1].nr_shown, depth);
	uint32_t i = shared;

	for (; root != memo->root && i && memo->kept[i - 1].nr_shown > root; i--)
		;
	for (memo->root = root; i < memo->nr; i++)
		if (!add_node(memo, i)) {
			memo->nr = i;
			return 0;
		}
	return memo->kept[memo->nr - 1].node;
}

/* The node of the chain that begins with that frame. */
static uint32_t find_chain(struct python_memo *memo, uint64_t frame, uint32_t depth, bool *is_empty)
{
	const bool is_short = memo->nr_short;
	uint32_t shared;
	const bool is_whole =
		read_chain(memo, frame, is_short ? RAW_FRAMES(depth) : KEPT_MAX, &shared);
	const bool is_deep = !is_whole || shared + memo->nr_fresh > KEPT_MAX;

	memo->nr_short = !is_deep ? 0 : is_short ? memo->nr_short - 1 : SHORT_CHAINS;
	if (is_deep && !is_short) {
		memo->nr = 0;
		read_chain(memo, frame, RAW_FRAMES(depth), &shared);
	}
	remember(memo, shared);
	const uint32_t node = find_nodes(memo, shared, depth);

	*is_empty = memo->nr && memo->kept[memo->nr - 1].is_waiting;
	if (memo->root)
		COUNT(python_stacks_truncated);
	if (is_deep)
		memo->nr = 0;
	return node;
}

/* ---- */

static struct python_memo *get_memo(struct thread *t)
{
	struct python_memo *const memo =
		t->python_memo ? t->python_memo : private_calloc(1, sizeof(struct python_memo));

	if (!memo)
		return NULL;
	t->python_memo = memo;
	/* Pairs with the release of who forgets a block. */
	const uint32_t nr_dropped = __atomic_load_n(&live_nr_dropped, __ATOMIC_ACQUIRE);

	if (memo->places.nr_dropped != nr_dropped)
		memo->nr = 0;
	if (memo->nr > memo->nr_sure)
		memo->nr = memo->nr_sure;
	memo->places.nr_dropped = nr_dropped;
	return memo;
}

uint32_t python_stack_add(struct thread *t, uint32_t native, uint32_t depth)
{
	if (!target_python.has_frames)
		return native;
	const uint64_t state = python_find_state(t->python_layer != NULL, t->tls);
	struct python_memo *const memo = state ? get_memo(t) : NULL;

	if (!memo)
		return native;
	bool is_empty;
	const uint64_t frame = python_innermost_frame(state);
	const uint32_t node = find_chain(memo, frame, depth, &is_empty);

	if (!node)
		return native;
	if (python_verifies)
		python_verify(frame, node, is_empty, depth);
	return depot_intern_again(t->depot_memo,
				  HC_STACK_BOTH | (is_empty ? HC_STACK_EMPTY : 0) | node, native);
}
