/* SPDX-License-Identifier: MIT */
/*
 * The label table: open addressing with linear probing, deletion by moving the followers back,
 * doubled when half full.
 *
 * Under the door and the lock; memory is the profiler's own.  A nested caller never comes here.
 */
#include "live/label.h"

#include <string.h>

#include "live/lock.h"
#include "live/plane.h"
#include "rt/count.h"
#include "rt/private.h"

#include "rt/ban.h"

struct entry {
	uint64_t key;	/* address | plane: blocks are aligned to 4 at least; 0: free */
	char *text;
};

/* Invariant: 2 * nr <= size, size is a power of two or 0. */
static struct {
	struct lock lock;
	struct entry *entries;
	uint64_t size, nr;
} labels;

/* A Python block is in one of its planes only, and may go to the other. */
static uint64_t key_of(uint32_t plane, uint64_t addr)
{
	return addr << 2 | (plane == PLANE_OBJECT ? PLANE_PYTHON : plane);
}

static uint64_t home_of(uint64_t key)
{
	return key * 0x9e3779b97f4a7c15u >> 20 & (labels.size - 1);
}

/* The entry of key, or the free one where it would stand.  Some entry is free. */
static struct entry *find(uint64_t key)
{
	uint64_t i = home_of(key);

	while (labels.entries[i].key != 0 && labels.entries[i].key != key)
		i = (i + 1) & (labels.size - 1);
	return &labels.entries[i];
}

static bool grow(void)
{
	const uint64_t old_size = labels.size;
	struct entry *const old = labels.entries;
	const uint64_t size = old_size ? 2 * old_size : 64;
	struct entry *const entries = private_calloc(size, sizeof(*entries));

	if (!entries)
		return false;
	labels.entries = entries;
	labels.size = size;
	for (uint64_t i = 0; i < old_size; i++)
		if (old[i].key)
			*find(old[i].key) = old[i];
	private_free(old);
	return true;
}

static void remove_entry(struct entry *e)
{
	uint64_t hole = (uint64_t)(e - labels.entries);

	labels.nr--;
	for (uint64_t i = (hole + 1) & (labels.size - 1); labels.entries[i].key;
	     i = (i + 1) & (labels.size - 1)) {
		const uint64_t home = home_of(labels.entries[i].key);

		/* The follower may fill the hole unless its home lies behind it. */
		if (((i - home) & (labels.size - 1)) >= ((i - hole) & (labels.size - 1))) {
			labels.entries[hole] = labels.entries[i];
			hole = i;
		}
	}
	labels.entries[hole] = (struct entry){0, NULL};
}

static bool put(uint64_t key, char *text)
{
	if (2 * (labels.nr + 1) > labels.size && !grow())
		return false;
	struct entry *const e = find(key);

	if (e->key)
		private_free(e->text);
	else
		labels.nr++;
	*e = (struct entry){.key = key, .text = text};
	return true;
}

bool label_set(uint32_t plane, uint64_t addr, const char *text)
{
	const size_t len = strnlen(text, LABEL_LEN_MAX);
	char *const copy = private_malloc(len + 1);

	if (copy) {
		memcpy(copy, text, len);
		copy[len] = 0;
		lock_take(&labels.lock);
		const bool done = put(key_of(plane, addr), copy);

		lock_give(&labels.lock);
		if (done)
			return true;
		private_free(copy);
	}
	COUNT(labels_lost);
	return false;
}

/* Takes the text out of the table; NULL where there is none. */
static char *take(uint64_t key)
{
	struct entry *e;
	char *text;

	if (!labels.size)
		return NULL;
	e = find(key);
	text = e->text;
	if (e->key)
		remove_entry(e);
	return text;
}

void label_remove(uint32_t plane, uint64_t addr)
{
	char *text;

	lock_take(&labels.lock);
	text = take(key_of(plane, addr));
	lock_give(&labels.lock);
	private_free(text);
}

void label_move(uint32_t plane, uint64_t from, uint64_t to)
{
	char *text;

	lock_take(&labels.lock);
	text = take(key_of(plane, from));
	if (text && !put(key_of(plane, to), text)) {
		private_free(text);
		COUNT(labels_lost);
	}
	lock_give(&labels.lock);
}

const char *label_find(uint32_t plane, uint64_t addr)
{
	return labels.size ? find(key_of(plane, addr))->text : NULL;
}

void label_fork_prepare(void) { lock_take(&labels.lock); }

void label_fork_done(void) { lock_give(&labels.lock); }
