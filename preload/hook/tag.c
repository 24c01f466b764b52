/* SPDX-License-Identifier: MIT */
/*
 * The program's side of <heapcensus/tag.h>: tags, labels, scopes, pools, objects.
 *
 * Inside the door; a call that cannot enter does nothing and counts the loss.  errno is kept.
 */
#include <string.h>

#include <heapcensus/dump_format.h>

#include "hook/wrap.h"
#include "live/attr.h"
#include "live/label.h"
#include "rt/format.h"
#include "rt/private.h"
#include "snap/trigger.h"

/* Gives the block another tag; its scope stays.  NULL: none. */
static bool set_tag(enum plane_id plane, uint64_t addr, const struct live_block *block,
		    const char *name)
{
	const uint32_t tag = name ? attr_intern_text(name) : 0;
	const uint32_t attr = attr_intern(tag, attr_get(record_attr(block->a)).scope);

	live_change(plane, addr, record_kind(block->a), record_stack(block->a), attr);
	return !name || (tag && attr);
}

HOOK_EXPORT int heapcensus_hook_tag(const void *p, const char *name)
{
	struct thread *const t = real_enter();
	struct live_block block;
	enum plane_id plane;
	bool done = false;

	if (t && live_find_any((uint64_t)p, &plane, &block))
		done = set_tag(plane, (uint64_t)p, &block, name);
	else
		COUNT(tags_lost);
	if (t)
		thread_leave(t);
	return done;
}

static bool set_label(uint64_t addr, const char *text)
{
	struct live_block block;
	enum plane_id plane;

	if (!live_find_any(addr, &plane, &block)) {
		COUNT(labels_lost);
		return false;
	}
	if (!text) {
		live_set_labelled(plane, addr, false);
		label_remove(plane, addr);
		return true;
	}
	return label_set(plane, addr, text) && live_set_labelled(plane, addr, true);
}

HOOK_EXPORT int heapcensus_hook_label(const void *p, const char *text)
{
	struct thread *const t = real_enter();
	bool done;

	if (!t) {
		COUNT(labels_lost);
		return 0;
	}
	done = set_label((uint64_t)p, text);
	thread_leave(t);
	return done;
}

static void enter_scope(struct thread *t, const char *name)
{
	struct scope *const s = private_malloc(sizeof(*s));
	char path[ATTR_TEXT_LEN_MAX + 1];

	if (!s)
		return;
	s->outer = t->scopes;
	if (t->scopes && t->scopes->text) {
		format_text(path, sizeof(path), "%s/%s", attr_text(t->scopes->text), name);
		name = path;
	}
	s->text = attr_intern_text(name);
	t->scopes = s;
	t->attr = attr_intern(0, s->text);
}

HOOK_EXPORT void heapcensus_hook_scope_enter(const char *name)
{
	struct thread *const t = real_enter();

	if (!t) {
		COUNT(tags_lost);
		return;
	}
	enter_scope(t, name);
	thread_leave(t);
}

HOOK_EXPORT void heapcensus_hook_scope_leave(void)
{
	struct thread *const t = real_enter();

	if (!t)
		return;
	struct scope *const s = t->scopes;

	if (s) {
		t->scopes = s->outer;
		t->attr = s->outer ? attr_intern(0, s->outer->text) : 0;
		private_free(s);
	}
	thread_leave(t);
}

/* An object of a pool: in the pool plane, tagged, born here. */
static bool insert_piece(struct thread *t, uint64_t addr, uint64_t size, const char *name,
			 uint64_t site)
{
	struct record *const slot = live_make_slot(&live_planes[PLANE_POOL], addr);
	const uint32_t scope = attr_get(t->attr).scope;
	const uint32_t tag = name ? attr_intern_text(name) : 0;

	if (!slot || record_kind(slot->a)) {
		COUNT(pools_lost);
		return false;
	}
	live_insert(t, PLANE_POOL, addr, size, HC_KIND_POOL, site_find(t, site, size),
		    attr_intern(tag, scope));
	return true;
}

HOOK_EXPORT int heapcensus_hook_pool_alloc(const void *p, size_t size, const char *name)
{
	struct thread *const t = real_enter();
	bool done;

	if (!t || (uint64_t)p % 4) {
		COUNT(pools_lost);
		if (t)
			thread_leave(t);
		return 0;
	}
	done = insert_piece(t, (uint64_t)p, size, name, WRAP_CALLER);
	thread_leave(t);
	return done;
}

static bool forget_piece(struct thread *t, uint64_t addr)
{
	struct live_block was;

	if (!live_forget(t, PLANE_POOL, addr, &was))
		return false;
	live_forget_label(PLANE_POOL, addr, &was);
	return true;
}

HOOK_EXPORT int heapcensus_hook_pool_free(const void *p)
{
	struct thread *const t = real_enter();
	bool done;

	if (!t)
		return 0;
	done = forget_piece(t, (uint64_t)p);
	thread_leave(t);
	return done;
}

static size_t reset_pool(struct thread *t, uint64_t start, uint64_t end)
{
	const uint64_t leaf_span = 1ul << PLANE_LEAF_SHIFT;
	size_t nr = 0;

	/* Steps of half a granule, which is where pieces may start. */
	for (uint64_t addr = (start + 3) & ~3ul; addr < end;) {
		const struct record *const slot = plane_find_slot(&live_planes[PLANE_POOL], addr);

		if (!slot) {
			addr = (addr & ~(leaf_span - 1)) + leaf_span;
			continue;
		}
		if (record_kind(slot->a))
			nr += forget_piece(t, addr);
		addr += 4;
	}
	return nr;
}

HOOK_EXPORT size_t heapcensus_hook_pool_reset(const void *start, size_t size)
{
	struct thread *const t = real_enter();
	size_t nr;

	if (!t)
		return 0;
	nr = reset_pool(t, (uint64_t)start, (uint64_t)start + size);
	thread_leave(t);
	return nr;
}

HOOK_EXPORT int heapcensus_hook_object_begin(const void *p, size_t size, const char *name)
{
	struct thread *const t = real_enter();
	struct live_block block;
	bool done = false;

	if (!t || (uint64_t)p % 4)
		COUNT(pools_lost);
	else if (live_find(PLANE_MALLOC, (uint64_t)p, &block) && block.size == size)
		done = set_tag(PLANE_MALLOC, (uint64_t)p, &block, name);
	else
		done = insert_piece(t, (uint64_t)p, size, name, WRAP_CALLER);
	if (t)
		thread_leave(t);
	return done;
}

HOOK_EXPORT void heapcensus_hook_object_end(const void *p)
{
	struct thread *const t = real_enter();
	struct live_block block;

	if (!t)
		return;
	if (!forget_piece(t, (uint64_t)p) && live_find(PLANE_MALLOC, (uint64_t)p, &block) &&
	    attr_get(record_attr(block.a)).tag)
		set_tag(PLANE_MALLOC, (uint64_t)p, &block, NULL);
	thread_leave(t);
}

HOOK_EXPORT int heapcensus_hook_dump(void)
{
	return real_ready() && trigger_ask(TRIGGER_API, NULL);
}
