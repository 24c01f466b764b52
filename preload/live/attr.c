/* SPDX-License-Identifier: MIT */
/*
 * Interned texts and (tag, scope) pairs.  Two append-only arrays, each with an open-addressing
 * table of ids over it that is never more than half full, so a search ends.  Readers take no lock:
 * an id is stored (release) after what it names is complete.
 *
 * Under the door; the lock is for writers only.  All memory is the profiler's own and is kept for
 * ever.
 */
#include "live/attr.h"

#include <string.h>

#include "live/lock.h"
#include "live/record.h"
#include "rt/count.h"
#include "rt/private.h"

#include "rt/ban.h"

#define TEXT_TABLE_SIZE 65536u
#define PAIR_TABLE_SIZE 32768u

struct text {
	char *chars;
	uint32_t len, hash;
};

/* Writers hold `lock`. */
static struct {
	struct lock lock;
	struct text *texts;		/* [1 .. nr_texts], ATTR_TEXTS_MAX + 1 */
	struct attr_pair *pairs;	/* [1 .. nr_pairs], RECORD_ATTR_MAX + 1 */
	uint32_t *text_table;		/* ids, 0: free */
	uint32_t *pair_table;
	uint32_t nr_texts, nr_pairs;
} attrs;

/* FNV-1a. */
static uint32_t hash_text(const char *s, uint32_t len)
{
	uint32_t hash = 2166136261u;

	for (uint32_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)s[i]) * 16777619u;
	return hash;
}

static uint32_t hash_pair(uint32_t tag, uint32_t scope)
{
	return (tag * 0x9e3779b1u ^ scope * 0x85ebca6bu) >> 7;
}

/* With the lock held, at the first text.  The text table comes last: readers look for it. */
static bool attrs_init(void)
{
	if (attrs.text_table)
		return true;
	if (!attrs.texts)
		attrs.texts = private_pages((ATTR_TEXTS_MAX + 1) * sizeof(*attrs.texts));
	if (!attrs.pairs)
		attrs.pairs = private_pages((RECORD_ATTR_MAX + 1) * sizeof(*attrs.pairs));
	if (!attrs.pair_table)
		attrs.pair_table = private_pages(PAIR_TABLE_SIZE * sizeof(*attrs.pair_table));
	if (!attrs.texts || !attrs.pairs || !attrs.pair_table)
		return false;
	__atomic_store_n(&attrs.text_table,
			 private_pages(TEXT_TABLE_SIZE * sizeof(*attrs.text_table)),
			 __ATOMIC_RELEASE);
	return attrs.text_table;
}

/* The id of the text, or 0; *at is where its id would be put. */
static uint32_t find_text(const char *s, uint32_t len, uint32_t hash, uint32_t *at)
{
	const uint32_t *const table = __atomic_load_n(&attrs.text_table, __ATOMIC_ACQUIRE);

	if (!table)
		return 0;
	for (uint32_t i = hash;; i++) {
		const uint32_t id = __atomic_load_n(&table[i % TEXT_TABLE_SIZE], __ATOMIC_ACQUIRE);

		*at = i % TEXT_TABLE_SIZE;
		if (!id)
			return 0;
		const struct text *const text = &attrs.texts[id];

		if (text->hash == hash && text->len == len && !memcmp(text->chars, s, len))
			return id;
	}
}

static uint32_t add_text(const char *s, uint32_t len, uint32_t hash)
{
	uint32_t at = 0;

	if (!attrs_init())
		return 0;
	const uint32_t found = find_text(s, len, hash, &at);

	if (found || attrs.nr_texts == ATTR_TEXTS_MAX)
		return found;
	char *const chars = private_malloc(len + 1);

	if (!chars)
		return 0;
	memcpy(chars, s, len);
	chars[len] = 0;
	attrs.texts[attrs.nr_texts + 1] = (struct text){.chars = chars, .len = len, .hash = hash};
	__atomic_store_n(&attrs.nr_texts, attrs.nr_texts + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&attrs.text_table[at], attrs.nr_texts, __ATOMIC_RELEASE);
	return attrs.nr_texts;
}

static uint32_t text_len(const char *s)
{
	return (uint32_t)strnlen(s, ATTR_TEXT_LEN_MAX);
}

uint32_t attr_find_text(const char *text)
{
	const uint32_t len = text_len(text);
	uint32_t at;

	return find_text(text, len, hash_text(text, len), &at);
}

uint32_t attr_intern_text(const char *text)
{
	const uint32_t len = text_len(text);
	const uint32_t hash = hash_text(text, len);
	uint32_t at;
	uint32_t id = find_text(text, len, hash, &at);

	if (id)
		return id;
	lock_take(&attrs.lock);
	id = add_text(text, len, hash);
	lock_give(&attrs.lock);
	if (!id)
		COUNT(tags_lost);
	return id;
}

static uint32_t find_pair(uint32_t tag, uint32_t scope, uint32_t *at)
{
	for (uint32_t i = hash_pair(tag, scope);; i++) {
		const uint32_t id =
			__atomic_load_n(&attrs.pair_table[i % PAIR_TABLE_SIZE], __ATOMIC_ACQUIRE);

		*at = i % PAIR_TABLE_SIZE;
		if (!id || (attrs.pairs[id].tag == tag && attrs.pairs[id].scope == scope))
			return id;
	}
}

static uint32_t add_pair(uint32_t tag, uint32_t scope)
{
	uint32_t at;
	const uint32_t found = find_pair(tag, scope, &at);

	if (found || attrs.nr_pairs == RECORD_ATTR_MAX)
		return found;
	attrs.pairs[attrs.nr_pairs + 1] = (struct attr_pair){.tag = tag, .scope = scope};
	__atomic_store_n(&attrs.nr_pairs, attrs.nr_pairs + 1, __ATOMIC_RELEASE);
	__atomic_store_n(&attrs.pair_table[at], attrs.nr_pairs, __ATOMIC_RELEASE);
	return attrs.nr_pairs;
}

uint32_t attr_intern(uint32_t tag, uint32_t scope)
{
	uint32_t at;

	if (tag == 0 && scope == 0)
		return 0;
	uint32_t id = find_pair(tag, scope, &at);

	if (id)
		return id;
	lock_take(&attrs.lock);
	id = add_pair(tag, scope);
	lock_give(&attrs.lock);
	if (!id)
		COUNT(tags_lost);
	return id;
}

struct attr_pair attr_get(uint32_t attr)
{
	return attr ? attrs.pairs[attr] : (struct attr_pair){0, 0};
}

const char *attr_text(uint32_t id) { return id ? attrs.texts[id].chars : ""; }

uint32_t attr_nr(void) { return __atomic_load_n(&attrs.nr_pairs, __ATOMIC_ACQUIRE); }

uint32_t attr_nr_texts(void) { return __atomic_load_n(&attrs.nr_texts, __ATOMIC_ACQUIRE); }

void attr_fork_prepare(void) { lock_take(&attrs.lock); }

void attr_fork_done(void) { lock_give(&attrs.lock); }
