/* SPDX-License-Identifier: MIT */
/*
 * The slow halves of live/live.h: a new tick, sizes that do not fit, blocks that change or come back.
 *
 * Callers are inside the door or own the block; errno is kept.
 */
#include "live/live.h"

#include "live/label.h"
#include "live/objects.h"

#include "rt/ban.h"

uint32_t live_new_tick(struct thread *t, uint64_t tick)
{
	if (tick > RECORD_TICK_MAX) {
		COUNT(ticks_saturated);
		tick = RECORD_TICK_MAX;
	}
	if (tick != t->last_tick) {
		t->last_tick = (uint32_t)tick;
		/* Atomic for the owner's signal handler only. */
		__atomic_fetch_or(&t->pending, THREAD_PENDING_PERIODIC, __ATOMIC_RELAXED);
	}
	return (uint32_t)tick;
}

bool live_put_escape(struct plane *p, uint64_t addr, uint64_t size)
{
	struct record *const slot = live_make_slot(p, addr + (1ul << p->granule_shift));

	if (!slot)
		return false;
	slot->b = 0;
	slot->a = size;
	return true;
}

uint64_t live_get_escape(const struct plane *p, uint64_t addr)
{
	return plane_find_slot(p, addr + (1ul << p->granule_shift))->a;
}

void live_drop_label(enum plane_id plane, uint64_t addr) { label_remove(plane, addr); }

/* Python's block is put where there is a place for what it is now. */
static bool put_back(enum plane_id plane, uint64_t addr, uint64_t size, uint64_t a, uint64_t b)
{
	if (plane == PLANE_OBJECT && object_put(addr, size, a, b))
		return true;
	return live_put(plane == PLANE_OBJECT ? PLANE_PYTHON : plane, addr, size, a, b);
}

void live_restore(struct thread *t, enum plane_id plane, uint64_t addr, uint64_t size,
		  const struct live_block *was)
{
	const uint64_t keep = ~((uint64_t)RECORD_SIZE_ESCAPE | 1ull << 63);

	if (!put_back(plane, addr, size, was->a & keep, was->b))
		return;
	t->nr_freed--;
	t->bytes_freed -= was->size;
	if (size >= was->size)
		t->bytes_allocated += size - was->size;
	else
		t->bytes_freed += was->size - size;
}

bool live_change(enum plane_id plane, uint64_t addr, uint32_t kind, uint32_t stack, uint32_t attr)
{
	struct live_block was;

	if (plane == PLANE_OBJECT)
		return object_forget(NULL, addr, &was) &&
		       put_back(plane, addr, was.size,
				record_pack_a(0, stack, attr, kind, record_flags(was.a)), was.b);
	struct record *const slot = live_find_slot(&live_planes[plane], addr, &was);

	if (!slot)
		return false;
	slot->a = record_pack_a(record_size_field(was.a), stack, attr, kind, record_flags(was.a));
	return true;
}

bool live_set_labelled(enum plane_id plane, uint64_t addr, bool labelled)
{
	struct live_block was;

	if (plane == PLANE_OBJECT)
		return object_set_labelled(addr, labelled);
	struct record *const slot = live_find_slot(&live_planes[plane], addr, &was);
	const uint64_t flag = (uint64_t)RECORD_LABELLED << 62;

	if (!slot)
		return false;
	slot->a = labelled ? was.a | flag : was.a & ~flag;
	return true;
}

bool live_find_any(uint64_t addr, enum plane_id *plane, struct live_block *out)
{
	static const enum plane_id order[] = {PLANE_POOL, PLANE_OBJECT, PLANE_PYTHON, PLANE_MALLOC, PLANE_MMAP};

	for (uint32_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const uint64_t half = 1ul << (live_planes[order[i]].granule_shift - 1);

		*plane = order[i];
		if (addr % half == 0 && (order[i] == PLANE_OBJECT ? object_find(addr, out)
								  : live_find(order[i], addr, out)))
			return true;
	}
	return false;
}
