/* SPDX-License-Identifier: MIT */
/*
 * Operations: each takes a random slot, says in the slot's other entry what it will leave behind,
 * does it, and lets go of the slot.
 */
#include "ground_step.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "ground_forms.h"
#include "heapcensus/dump_format.h"
#include "heapcensus/tag.h"

#define PAGE 4096ul
#define ERRNO_BEFORE 77		/* that no operation may touch which succeeds */

char *ground_pieces[GROUND_NR_THREADS * GROUND_NR_PIECES];

static const struct ground_form pool_form = {"pool", GROUND_POOL, HC_KIND_POOL, false, NULL, NULL};

static uint64_t worker_random(struct worker *w)
{
	w->random ^= w->random << 13;
	w->random ^= w->random >> 7;
	w->random ^= w->random << 17;
	return w->random >> 8;
}

/* --- forms by number: what an entry holds --- */

static const struct ground_form *form_of(uint32_t form)
{
	if (form < ground_nr_c_forms)
		return &ground_c_forms[form];
	form -= ground_nr_c_forms;
	if (form < ground_nr_new_forms)
		return &ground_new_forms[form];
	form -= ground_nr_new_forms;
	if (form < ground_nr_text_forms)
		return &ground_text_forms[form];
	form -= ground_nr_text_forms;
	if (form < ground_nr_page_forms)
		return &ground_page_forms[form];
	return form == ground_nr_page_forms ? &ground_map_form : &pool_form;
}

static size_t random_size(struct worker *w)
{
	const uint64_t r = worker_random(w);
	const uint64_t dice = r % 10000, more = r / 10000;

	if (dice < 7500)
		return 1 + more % 256;
	if (dice < 9200)
		return 1 + more % 4096;
	if (dice < 9980)
		return 1 + more % 32768;
	if (dice < 9998)
		return 1 + more % 400000;
	return 1 + more % 3000000;
}

/* Fills in form, align and size of a block to come. */
static void choose_form(struct worker *w, struct ground_entry *e)
{
	const uint64_t r = worker_random(w);
	const uint64_t dice = r % 1000, pick = r / 1000;
	const uint32_t new0 = ground_nr_c_forms, text0 = new0 + ground_nr_new_forms,
		       page0 = text0 + ground_nr_text_forms;

	e->align = 16u << pick % 4;	/* mimalloc 2.0 does not align 256 bytes to 256 */
	e->size = random_size(w);
	if (dice < 560) {
		e->form = pick % ground_nr_c_forms;
		if (e->form == 0 && pick % 61 == 0)
			e->size = 0;
	} else if (dice < 860) {
		e->form = new0 + pick % ground_nr_new_forms;
	} else if (dice < 940) {
		e->form = text0 + pick % ground_nr_text_forms;
		e->size = 1 + e->size % (GROUND_TEXT_MAX - 1);
	} else if (dice < 950) {
		e->form = page0 + pick % ground_nr_page_forms;
	} else {
		e->form = page0 + ground_nr_page_forms;
		e->size = 1 + pick % (16 * PAGE);
	}
}

/* --- slots --- */

static struct ground_entry *slot_now(struct ground_slot *s)
{
	return &s->entry[s->state & 1];
}

static struct ground_entry *slot_next(struct ground_slot *s)
{
	return &s->entry[~s->state & 1];
}

/* A random slot, made busy. */
static struct ground_slot *slot_claim(struct worker *w)
{
	for (;;) {
		struct ground_slot *const s =
			&ground_log.slots[worker_random(w) % ground_log.nr_slots];
		uint32_t state = __atomic_load_n(&s->state, __ATOMIC_RELAXED);

		if (!(state & GROUND_BUSY) &&
		    __atomic_compare_exchange_n(&s->state, &state, state | GROUND_BUSY, false,
						__ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return s;
	}
}

/* Says what will be: next is written in full before its address, the address before the operation.
 */
static void slot_announce(struct ground_slot *s, const struct ground_entry *next, uint64_t addr)
{
	struct ground_entry *const e = slot_next(s);

	__atomic_store_n(&e->addr, 0, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	*e = *next;
	e->addr = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&e->addr, addr, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	errno = ERRNO_BEFORE;
}

/* The operation is over: next is now. */
static void slot_settle(struct ground_slot *s, uint64_t addr)
{
	slot_next(s)->addr = addr;
	__atomic_store_n(&s->state, (s->state & 1) ^ 1, __ATOMIC_RELEASE);
}

/* Nothing happened. */
static void slot_release(struct ground_slot *s)
{
	__atomic_store_n(&s->state, s->state & 1, __ATOMIC_RELEASE);
}

/* --- what a block holds --- */

static void block_sign(const struct ground_entry *e, uint64_t addr)
{
	char *const p = (char *)addr;

	if (e->size)
		p[e->size - 1] = (char)e->size;
	if (e->size >= 8)
		memcpy(p, &(uint64_t){addr ^ GROUND_SECRET}, 8);
}

/* Is the first word what was written when the block was at `signed_at`? */
static void block_check(struct worker *w, const struct ground_entry *e, uint64_t addr,
			uint64_t signed_at)
{
	uint64_t word;

	if (e->size < 8)
		return;
	memcpy(&word, (const void *)addr, 8);
	if (word != (signed_at ^ GROUND_SECRET))
		worker_complain(w, "contents lost", form_of(e->form)->name, e->size);
}

static void errno_check(struct worker *w, const struct ground_entry *e)
{
	if (errno != ERRNO_BEFORE)
		worker_complain(w, strerror(errno), form_of(e->form)->name, e->size);
}

/* --- operations: s is busy --- */

static uint64_t get_block(const struct ground_entry *e, const struct ground_slot *s)
{
	const struct ground_form *const form = form_of(e->form);
	const size_t index = s - ground_log.slots;

	if (form->family != GROUND_POOL)
		return (uint64_t)form->get(e->size, e->align);
	char *const piece = ground_pieces[index - GROUND_NR_SLOTS];

	heapcensus_pool_alloc(piece, e->size, NULL);
	return (uint64_t)piece;
}

static void born(struct worker *w, struct ground_slot *s)
{
	struct ground_entry e = {.thread = w->index, .birth = ++w->births};

	if (s - ground_log.slots >= GROUND_NR_SLOTS) {
		e.form = UINT16_MAX;
		e.size = 1 + worker_random(w) % GROUND_PIECE;
	} else {
		choose_form(w, &e);
	}
	const struct ground_form *const form = form_of(e.form);
	const uint64_t asked = e.size;

	e.kind = form->kind;
	e.loose = form->kind == 0;
	if (form->family == GROUND_MAP)
		e.size = (e.size + PAGE - 1) & -PAGE;
	slot_announce(s, &e, GROUND_ANY);
	const uint64_t addr = get_block(&e, s);

	if (!addr) {
		worker_complain(w, "no memory", form->name, asked);
		slot_release(s);
		return;
	}
	errno_check(w, &e);
	if (form->aligned && addr % e.align)
		worker_complain(w, "not aligned", form->name, asked);
	if (form->family <= GROUND_NEW && malloc_usable_size((void *)addr) < e.size)
		worker_complain(w, "usable size too small", form->name, asked);
	block_sign(&e, addr);
	slot_settle(s, addr);
}

static void died(struct worker *w, struct ground_slot *s)
{
	const struct ground_entry *const e = slot_now(s);
	const struct ground_form *const form = form_of(e->form);

	block_check(w, e, e->addr, e->addr);
	slot_announce(s, &(struct ground_entry){0}, 0);
	if (form->family == GROUND_POOL)
		heapcensus_pool_free((void *)e->addr);
	else
		form->put((void *)e->addr, e->size, e->align);
	errno_check(w, e);
	slot_settle(s, 0);
}

static void retagged(struct worker *w, struct ground_slot *s)
{
	struct ground_entry e = *slot_now(s);
	char name[32];

	e.tag = worker_random(w) % (GROUND_NR_TAGS + 1);
	snprintf(name, sizeof(name), "ground-%u", e.tag);
	slot_announce(s, &e, e.addr);
	heapcensus_tag((void *)e.addr, e.tag ? name : NULL);
	errno_check(w, &e);
	slot_settle(s, e.addr);
}

static void resized(struct worker *w, struct ground_slot *s)
{
	const struct ground_entry *const was = slot_now(s);
	struct ground_entry e = *was;

	e.size = random_size(w);
	e.kind = HC_KIND_REALLOC;
	e.thread = w->index;
	e.birth = ++w->births;
	e.form = 0;
	slot_announce(s, &e, GROUND_ANY);
	void *const old = (void *)was->addr;
	const uint64_t addr =
		(uint64_t)(e.size % 2 ? realloc(old, e.size) : reallocarray(old, 1, e.size));

	if (!addr) {
		worker_complain(w, "no memory", "realloc", e.size);
		slot_release(s);
		return;
	}
	errno_check(w, &e);
	if (addr == was->addr) {	/* in place: born when it was, as what it was */
		slot_next(s)->kind = was->kind;
		slot_next(s)->thread = was->thread;
		slot_next(s)->birth = was->birth;
	}
	if (was->size >= 8)
		block_check(w, &e, addr, was->addr);
	block_sign(&e, addr);
	slot_settle(s, addr);
}

/* A mapping loses pages at its front or its end, or is moved or resized by mremap. */
static void remapped(struct worker *w, struct ground_slot *s)
{
	const struct ground_entry *const was = slot_now(s);
	const uint64_t pages = was->size / PAGE, r = worker_random(w),
		       cut = (1 + r / 4 % pages) * PAGE;
	struct ground_entry e = *was;
	uint64_t addr = was->addr;

	if (r % 4 < 2 && pages > 1) {
		const bool front = r % 4 == 0;
		const uint64_t len = cut < was->size ? cut : PAGE;

		e.size = was->size - len;
		addr = front ? was->addr + len : was->addr;
		slot_announce(s, &e, addr);
		munmap((void *)(front ? was->addr : was->addr + e.size), len);
	} else {
		e.size = cut + r / 64 % 8 * PAGE;
		slot_announce(s, &e, GROUND_ANY);
		addr = (uint64_t)mremap((void *)was->addr, was->size, e.size, MREMAP_MAYMOVE);
		if (addr == (uint64_t)MAP_FAILED) {
			worker_complain(w, strerror(errno), "mremap", e.size);
			slot_release(s);
			return;
		}
	}
	errno_check(w, &e);
	block_sign(&e, addr);
	slot_settle(s, addr);
}

/* A hole in the middle of a mapping: the part behind it goes to a free slot, if the next one taken
 * is. */
static void punched(struct worker *w, struct ground_slot *s)
{
	const struct ground_entry was = *slot_now(s);
	struct ground_slot *const other = slot_claim(w);

	if (slot_now(other)->addr || other - ground_log.slots >= GROUND_NR_SLOTS ||
	    was.size < 3 * PAGE) {
		slot_release(other);
		slot_release(s);
		return;
	}
	struct ground_entry front = was, back = was;

	front.size = PAGE;
	back.size = was.size - 2 * PAGE;
	back.addr = was.addr + 2 * PAGE;
	slot_announce(other, &back, back.addr);
	slot_announce(s, &front, was.addr);
	munmap((char *)was.addr + PAGE, PAGE);
	errno_check(w, &front);
	block_sign(&front, was.addr);
	block_sign(&back, back.addr);
	slot_settle(s, was.addr);
	slot_settle(other, back.addr);
}

void worker_step(struct worker *w)
{
	struct ground_slot *const s = slot_claim(w);
	const struct ground_entry *const now = slot_now(s);
	const uint64_t dice = worker_random(w) % 100;

	w->nr_operations++;
	if (!now->addr) {
		born(w, s);
		return;
	}
	const enum ground_family family = form_of(now->form)->family;

	if (dice < 65 || (dice >= 75 && family != GROUND_MALLOC && family != GROUND_MAP))
		died(w, s);
	else if (dice < 75)
		retagged(w, s);
	else if (family == GROUND_MALLOC)
		resized(w, s);
	else if (dice < 80)
		punched(w, s);
	else
		remapped(w, s);
}
