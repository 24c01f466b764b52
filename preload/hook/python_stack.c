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
	uint32_t node;	   /* of this frame and those further out, from `root` on */
	uint16_t nr_shown; /* of these, those that are shown */
	bool is_shown;
	bool is_waiting; /* its loop, which C has entered, has shown no frame so far */
};
_Static_assert(sizeof(struct kept_frame) == 32, "two are a line");

/* One a thread, and its successors; at thread->python_memo. */
struct python_memo {
	uint32_t nr;
	uint32_t nr_sure; /* what is further in the next chain may not share */
	uint32_t root;	  /* so many that are shown have no node: the chain is cut there */
	uint32_t root_min, root_max; /* ... which is right for as many that are shown */
	uint32_t nr_fresh;
	uint8_t nr_short; /* chains that are read no further than they are kept, since the last one
			     that was not had more than KEPT_MAX frames, and is not kept */
	uint16_t slots[1u << SLOTS_SHIFT];    /* where a frame of that address may be in kept */
	struct kept_frame kept[KEPT_MAX + 1]; /* [1 .. nr] outermost first; the first is none */
	struct python_words fresh[KEPT_MAX];  /* [nr_fresh] innermost first: of the chain being
						 read */
	struct python_places places;
};

static inline uint16_t *find_slot(struct python_memo *memo, uint64_t frame)
{
	return &memo->slots[frame * 0x9e3779b97f4a7c15 >> (64 - SLOTS_SHIFT)];
}

/* ---- the last chain ---- */

/* Frame i is at its address.  Is it what it was, and all further out?  *nr: how many are further
 * out than the first that is not. */
static inline bool goes_on(const struct python_memo *memo, uint32_t i, uint32_t *nr)
{
	const struct kept_frame *f = &memo->kept[i];

	for (; f > memo->kept; f--)
		if (!python_is_unchanged(&f->words, f[-1].words.frame)) {
			*nr = (uint32_t)(f - memo->kept) - 1;
			return false;
		}
	return true;
}

/* How many of the kept frames the chain goes on with at that frame.  *nr: those that come into
 * question for it, and for frames further out. */
static inline uint32_t find_shared(struct python_memo *memo, uint64_t frame, uint32_t *nr)
{
	const uint32_t i = *find_slot(memo, frame);

	if (i > *nr || memo->kept[i].words.frame != frame)
		return 0;
	return goes_on(memo, i, nr) ? i : 0;
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

/* The frame is not among the nodes that the thread knows. */
__attribute__((noinline)) static bool add_new_node(struct python_memo *memo, uint32_t i,
						   uint32_t parent, struct python_node *known_as)
{
	struct kept_frame *const f = &memo->kept[i];
	const struct kept_frame *const outer = f - 1;
	struct python_frame is;
	const uint32_t sort = python_decode_frame(&f->words, &is);
	const bool waits = sort & PYTHON_FRAME_ENTRY || outer->is_waiting;
	bool known = !is.code;

	is.at |= waits;
	f->is_shown = sort & PYTHON_FRAME_SHOWN;
	f->is_waiting = waits && !f->is_shown;
	f->nr_shown = (uint16_t)(outer->nr_shown + f->is_shown);
	f->node = parent;
	if (f->is_shown && f->nr_shown > memo->root)
		f->node = python_make_node(&memo->places, &is, parent, &known);
	else if (f->is_shown)
		python_find_place(&memo->places, &is, &known);
	if (!f->node && f->nr_shown > memo->root)
		return false;
	if (!known && i <= memo->nr_sure)
		memo->nr_sure = i - 1;
	if (known && outer->nr_shown >= memo->root)
		*known_as = (struct python_node){ .instruction = f->words.instruction,
						  .sort = f->words.sort,
						  .parent = parent,
						  .node = f->node,
						  .nr_dropped = memo->places.nr_dropped,
						  .outer_waits = outer->is_waiting,
						  .is_set = true,
						  .is_shown = f->is_shown,
						  .is_waiting = f->is_waiting };
	return true;
}

/* Frame i gets its node.  False where there is no room. */
static inline bool add_node(struct python_memo *memo, uint32_t i)
{
	struct kept_frame *const f = &memo->kept[i];
	const struct kept_frame *const outer = f - 1;
	const uint32_t parent = outer->nr_shown > memo->root ? outer->node : 0;
	struct python_node *const n = python_get_node(&memo->places, &f->words, parent);

	if (outer->nr_shown < memo->root ||
	    !python_knows_node(&memo->places, n, &f->words, parent, outer->is_waiting))
		return add_new_node(memo, i, parent, n);
	f->node = n->node;
	f->is_shown = n->is_shown;
	f->is_waiting = n->is_waiting;
	f->nr_shown = (uint16_t)(outer->nr_shown + n->is_shown);
	return true;
}

/* The nodes of frames i .. memo->nr, which are made again where they are cut elsewhere. */
static bool add_nodes(struct python_memo *memo, uint32_t i)
{
	for (; i <= memo->nr; i++)
		if (!add_node(memo, i)) {
			memo->nr = i - 1;
			return false;
		}
	return true;
}

/* Where the chain of so many that are shown is cut.  Kept frames get other nodes where that is
 * elsewhere now.  False where there is no room for them. */
static bool set_root(struct python_memo *memo, uint32_t nr_shown, uint32_t depth)
{
	const uint32_t root = unwind_choose_root(nr_shown, depth);
	uint32_t i = memo->nr;

	memo->root_min = root ? root + depth - unwind_quantum(depth) + 1 : 0;
	memo->root_max = root + depth;
	if (root == memo->root)
		return true;
	memo->root = root;
	for (; i && memo->kept[i].nr_shown > root; i--)
		;
	return add_nodes(memo, i + 1);
}

static uint32_t count_shown(const struct python_memo *memo)
{
	uint32_t nr = memo->kept[memo->nr].nr_shown;
	struct python_frame is;

	for (uint32_t i = 0; i < memo->nr_fresh; i++)
		nr += python_decode_frame(&memo->fresh[i], &is) & PYTHON_FRAME_SHOWN;
	return nr;
}
_Static_assert(PYTHON_FRAME_SHOWN == 1, "frames that are shown are counted by it");

/* The fresh frames take the place of what is not shared.  The innermost's node, 0 where there is no
 * room for all. */
static inline uint32_t remember(struct python_memo *memo, uint32_t shared, uint32_t depth)
{
	const uint32_t nr_shown = memo->kept[shared].nr_shown;

	memo->nr = shared;
	memo->nr_sure = KEPT_MAX;
	if (__builtin_expect(
		    nr_shown < memo->root_min || nr_shown + memo->nr_fresh > memo->root_max, 0) &&
	    !set_root(memo, count_shown(memo), depth))
		return 0;
	while (memo->nr_fresh) {
		const uint32_t i = ++memo->nr;

		memo->kept[i].words = memo->fresh[--memo->nr_fresh];
		*find_slot(memo, memo->kept[i].words.frame) = (uint16_t)i;
		if (!add_node(memo, i)) {
			memo->nr = i - 1;
			return 0;
		}
	}
	return memo->kept[memo->nr].node;
}

/* The node of the chain that begins with that frame. */
static inline uint32_t find_chain(struct python_memo *memo, uint64_t frame, uint32_t depth,
				  bool *is_empty)
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
	const uint32_t node = remember(memo, shared, depth);

	*is_empty = memo->kept[memo->nr].is_waiting;
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
	t->nr_python_cut += memo->root != 0;
	if (python_verifies)
		python_verify(frame, node, is_empty, depth);
	return depot_intern_again(t->depot_memo,
				  HC_STACK_BOTH | (is_empty ? HC_STACK_EMPTY : 0) | node, native);
}
