/* SPDX-License-Identifier: MIT */
/*
 * Two arrays that grow by doubling, each with an open-addressing table of indices over it that is
 * at most half full (stack/location.h).  Everything under one lock.
 */
#include "stack/location.h"

#include <string.h>

#include "live/lock.h"
#include "rt/private.h"

#include "rt/ban.h"

#define FIRST_ROOM 1024u

/* An array of items of one size, [1 .. nr], and its table.  Invariant: 2 * room slots; nr < room,
 * or room is 0. */
struct set {
	char *items;
	uint32_t *slots;
	uint32_t nr, room, item_size;
};

static struct {
	struct lock lock;
	struct set texts, places;
} locations = {
	.texts.item_size = sizeof(struct location_text),
	.places.item_size = sizeof(struct location),
};

typedef uint32_t hash_fn(const void *item);
typedef bool equal_fn(const void *a, const void *b);

static void *get_item(const struct set *s, uint32_t index)
{
	return s->items + (uint64_t)index * s->item_size;
}

static uint32_t hash_text(const void *item)
{
	return ((const struct location_text *)item)->hash;
}

static bool equal_texts(const void *a, const void *b)
{
	const struct location_text *const x = a, *const y = b;

	return x->hash == y->hash && x->len == y->len && !memcmp(x->bytes, y->bytes, x->len);
}

static uint32_t hash_place(const void *item)
{
	const struct location *const l = item;
	const uint64_t hash = ((uint64_t)l->file << 32 ^ (uint64_t)l->function << 20 ^ l->line) *
			      0x9e3779b97f4a7c15;

	return (uint32_t)(hash >> 32);
}

static bool equal_places(const void *a, const void *b)
{
	return !memcmp(a, b, sizeof(struct location));
}

/* The slot of an equal item, or the free one where it would stand. */
static uint32_t *find_slot(const struct set *s, const void *item, hash_fn *hash, equal_fn *equal)
{
	const uint32_t mask = 2 * s->room - 1;
	uint32_t i = hash(item) & mask;

	while (s->slots[i] && !equal(get_item(s, s->slots[i]), item))
		i = (i + 1) & mask;
	return &s->slots[i];
}

static bool grow(struct set *s, hash_fn *hash, equal_fn *equal)
{
	const uint32_t room = s->room ? 2 * s->room : FIRST_ROOM;
	uint32_t *const slots = private_calloc(2ul * room, sizeof(*slots));
	char *const items = slots ? private_realloc(s->items, (uint64_t)room * s->item_size) : NULL;

	if (!items) {
		private_free(slots);
		return false;
	}
	private_free(s->slots);
	s->items = items;
	s->slots = slots;
	s->room = room;
	for (uint32_t i = 1; i <= s->nr; i++)
		*find_slot(s, get_item(s, i), hash, equal) = i;
	return true;
}

/* The index of an equal item; 0: there is none, and *slot is where its index goes, NULL where there
 * is no room. */
static uint32_t find(struct set *s, const void *item, uint32_t max, hash_fn *hash, equal_fn *equal,
		     uint32_t **slot)
{
	*slot = NULL;
	if (s->nr + 1 >= s->room && !grow(s, hash, equal))
		return 0;
	uint32_t *const at = find_slot(s, item, hash, equal);

	if (!*at && s->nr < max)
		*slot = at;
	return *at;
}

static uint32_t add(struct set *s, const void *item, uint32_t *slot)
{
	memcpy(get_item(s, ++s->nr), item, s->item_size);
	*slot = s->nr;
	return s->nr;
}

static uint32_t hash_bytes(const char *s, uint32_t len)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (uint32_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)s[i]) * 16777619u;
	return hash;
}

static uint32_t intern_text(const char *bytes, uint32_t len)
{
	struct location_text text = { bytes, len, hash_bytes(bytes, len) };
	uint32_t *slot;
	const uint32_t found =
		find(&locations.texts, &text, LOCATION_TEXTS_MAX, hash_text, equal_texts, &slot);
	char *const copy = slot ? private_malloc(len + 1) : NULL;

	if (!copy)
		return found;
	memcpy(copy, bytes, len);
	text.bytes = copy;
	return add(&locations.texts, &text, slot);
}

static uint32_t intern_place(const struct location *place)
{
	uint32_t *slot;
	const uint32_t found =
		find(&locations.places, place, LOCATIONS_MAX, hash_place, equal_places, &slot);

	return slot ? add(&locations.places, place, slot) : found;
}

uint32_t location_intern(const char *file, uint32_t file_len, const char *function,
			 uint32_t function_len, uint32_t line)
{
	struct location place = { .line = line };
	uint32_t index = 0;

	lock_take(&locations.lock);
	place.file = intern_text(file, file_len);
	place.function = intern_text(function, function_len);
	if (place.file && place.function)
		index = intern_place(&place);
	lock_give(&locations.lock);
	return index;
}

uint32_t location_nr(void)
{
	return locations.places.nr;
}

struct location location_get(uint32_t index)
{
	return *(const struct location *)get_item(&locations.places, index);
}

const struct location_text *location_get_text(uint32_t text)
{
	return get_item(&locations.texts, text);
}

void location_fork_prepare(void)
{
	lock_take(&locations.lock);
}
void location_fork_done(void)
{
	lock_give(&locations.lock);
}
