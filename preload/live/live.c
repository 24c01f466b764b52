/* SPDX-License-Identifier: MIT */
/*
 * The slow halves of live/live.h: a new tick, sizes that do not fit, blocks that change or come
 * back.
 *
 * Callers are inside the door or own the block; errno is kept.
 */
#include "live/live.h"

#include "live/label.h"
#include "live/objects.h"

#include "rt/ban.h"

void live_read_clock(struct thread *t)
{
	/* The second first: one that begins meanwhile is seen at the next birth. */
	const uint64_t second = clock_ask_second();

	if (second == t->second && t->seq % LIVE_CLOCK_EVERY)
		return; /* clock_second has none */
	uint64_t tick = clock_tick();

	if (tick > RECORD_TICK_MAX) {
		COUNT(ticks_saturated);
		tick = RECORD_TICK_MAX;
	}
	t->second = second == CLOCK_NO_SECOND ? 0 : second;
	t->birth = record_pack_b((uint32_t)tick, t->slot, 0);
	if (tick != t->last_tick) {
		t->last_tick = (uint32_t)tick;
		/* Atomic for the owner's signal handler only. */
		__atomic_fetch_or(&t->pending, THREAD_PENDING_PERIODIC, __ATOMIC_RELAXED);
	}
}

bool live_put_escape(struct plane *p, uint64_t addr, uint64_t size)
{
	struct record *const slot = live_make_slot(p, addr + (1ul << p->granule_shift));

	if (!slot)
		return false;
	*slot = (struct record){.a = size};
	return true;
}

uint64_t live_get_escape(const struct plane *p, uint64_t addr)
{
	if (p == &live_planes[PLANE_MALLOC])
		return plane_find_word(p, addr)[2];
	return plane_find_slot(p, addr + (1ul << p->granule_shift))->a;
}

/* The word of addr for a new block, whatever may have been there (a free that did not come to us).
 * NULL (counted) where there is no memory. */
static uint64_t *make_word(struct thread *t, uint64_t addr)
{
	struct plane *const p = &live_planes[PLANE_MALLOC];
	uint64_t *const word = plane_find_word(p, addr);

	if (!word)
		return plane_add_leaf(p, addr) ? plane_find_word(p, addr) : NULL;
	/* Without a start it is the inside of a block that is gone. */
	if (*word & RECORD_START)
		live_drop_word(t, addr);
	return word;
}

static bool put_stored(uint64_t *word, uint64_t a, uint64_t b)
{
	const uint32_t number = store_take_record();

	if (!number) {
		COUNT(blocks_no_shadow);
		return false;
	}
	*store_record(number) = (struct record){ .a = a, .b = b };
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	*word = record_pack_stored(a, number);
	return true;
}

static uint64_t pack_brief(uint64_t a, uint32_t number)
{
	return record_pack_brief(record_size_field(a), record_stack(a), record_kind(a),
				 a & (uint64_t)(RECORD_LABELLED | RECORD_HALF) << 61, number);
}

static bool can_be_brief(uint64_t a)
{
	return !record_attr(a) && record_can_be_brief(record_kind(a));
}

/* A block of one granule. */
static bool put_small(struct thread *t, uint64_t *word, uint64_t a, uint64_t b)
{
	const uint32_t number = can_be_brief(a) ? store_take(t) : 0;

	if (!number)
		return put_stored(word, a, b);
	*store_birth(number) = b;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	*word = pack_brief(a, number);
	return true;
}

bool live_put_malloc(struct thread *t, uint64_t addr, uint64_t size, uint64_t a, uint64_t b)
{
	const struct plane *const p = &live_planes[PLANE_MALLOC];
	uint64_t *const word = make_word(t, addr);

	if (!word)
		return false;
	a |= live_pack_half(p, addr) | (size < RECORD_SIZE_ESCAPE ? size : RECORD_SIZE_ESCAPE);
	if (size < p->inline_min)
		return put_small(t, word, a, b);
	if (size >= RECORD_SIZE_ESCAPE)
		word[2] = size;
	word[1] = b;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	word[0] = a;
	return true;
}

uint32_t live_nr_dropped;

void live_drop_watched(void)
{
	__atomic_fetch_add(&live_nr_dropped, 1,
			   __ATOMIC_RELEASE); /* pairs with the acquire of who watches */
}

void live_drop_label(enum plane_id plane, uint64_t addr)
{
	live_drop_watched();
	label_remove(plane, addr);
}

bool live_watch(uint64_t addr, uint64_t *birth)
{
	struct live_block block;
	enum plane_id plane;

	if (!live_find_any(addr, &plane, &block))
		return false;
	*birth = block.b;
	return record_flags(block.a) & RECORD_LABELLED || live_set_labelled(plane, addr, true);
}

/* Python's block is put where there is a place for what it is now. */
static bool put_back(struct thread *t, enum plane_id plane, uint64_t addr, uint64_t size,
		     uint64_t a, uint64_t b)
{
	if (plane == PLANE_OBJECT && object_put(addr, size, a, b))
		return true;
	return live_put(t, plane == PLANE_OBJECT ? PLANE_PYTHON : plane, addr, size, a, b);
}

void live_restore(struct thread *t, enum plane_id plane, uint64_t addr, uint64_t size,
		  const struct live_block *was)
{
	const uint64_t keep = ~((uint64_t)RECORD_SIZE_ESCAPE | (uint64_t)RECORD_HALF << 61);

	if (!put_back(t, plane, addr, size, was->a & keep, was->b))
		return;
	t->nr_freed--;
	t->bytes_freed -= was->size;
	if (size >= was->size)
		t->bytes_allocated += size - was->size;
	else
		t->bytes_freed += was->size - size;
}

/* A brief word becomes a stored one; the number that it had serves the thread's next. */
static bool store_whole(uint64_t *word, uint64_t a)
{
	const uint32_t number = record_brief_number(*word);

	if (!put_stored(word, a, *store_birth(number)))
		return false;
	if (thread_self)
		store_give(thread_self, number);
	return true;
}

/* Writes the a of a block that is there.  False where there is no memory for that. */
static bool write_a(enum plane_id plane, uint64_t addr, uint64_t a)
{
	const struct plane *const p = &live_planes[plane];

	if (plane != PLANE_MALLOC) {
		plane_find_slot(p, addr)->a = a;
		return true;
	}
	uint64_t *const word = plane_find_word(p, addr);

	if (record_is_brief(*word)) {
		if (!can_be_brief(a))
			return store_whole(word, a);
		a = pack_brief(a, record_brief_number(*word));
	} else if (record_kind(*word) == RECORD_STORED) {
		store_record(record_number(*word))->a = a;
		a = record_pack_stored(a, record_number(*word));
	}
	*word = a;
	return true;
}

bool live_change(enum plane_id plane, uint64_t addr, uint32_t kind, uint32_t stack, uint32_t attr)
{
	struct live_block was;

	if (plane == PLANE_OBJECT)
		return object_forget(NULL, addr, &was) &&
		       put_back(NULL, plane, addr, was.size,
				record_pack_a(0, stack, attr, kind, record_flags(was.a)), was.b);
	if (!live_find(plane, addr, &was))
		return false;
	return write_a(plane, addr,
		       record_pack_a(record_size_field(was.a), stack, attr, kind,
				     record_flags(was.a)));
}

bool live_set_labelled(enum plane_id plane, uint64_t addr, bool labelled)
{
	const uint64_t flag = (uint64_t)RECORD_LABELLED << 61;
	struct live_block was;

	if (plane == PLANE_OBJECT)
		return object_set_labelled(addr, labelled);
	if (!live_find(plane, addr, &was))
		return false;
	return write_a(plane, addr, labelled ? was.a | flag : was.a & ~flag);
}

bool live_find_any(uint64_t addr, enum plane_id *plane, struct live_block *out)
{
	static const enum plane_id order[] = { PLANE_POOL, PLANE_OBJECT, PLANE_PYTHON, PLANE_MALLOC,
					       PLANE_MMAP };

	for (uint32_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const uint64_t half = 1ul << (live_planes[order[i]].granule_shift - 1);

		*plane = order[i];
		if (addr % half == 0 && (order[i] == PLANE_OBJECT ? object_find(addr, out)
								  : live_find(order[i], addr, out)))
			return true;
	}
	return false;
}
