/* SPDX-License-Identifier: MIT */
/*
 * Interning for the STRS section.  The snapshot child only.
 */
#include "snap/strings.h"

#include <string.h>

#include "rt/ban.h"

#define STRINGS_FIRST_ROOM 1024u

static bool strings_resize(struct strings *s, uint32_t room)
{
	struct strings_entry *const entries = bump_alloc(s->bump, room * sizeof(*entries));
	uint32_t *const slots = bump_alloc(s->bump, room * 2 * sizeof(*slots));

	if (!entries || !slots)
		return false;
	if (s->nr)
		memcpy(entries, s->entries, (s->nr + 1) * sizeof(*entries));
	for (uint32_t i = 1; i <= s->nr; i++) {
		uint32_t at = entries[i].hash & (room * 2 - 1);

		while (slots[at])
			at = (at + 1) & (room * 2 - 1);
		slots[at] = i;
	}
	s->entries = entries;
	s->slots = slots;
	s->room = room;
	s->nr_slots = room * 2;
	return true;
}

bool strings_init(struct strings *s, struct bump *b)
{
	*s = (struct strings){.bump = b};
	return strings_resize(s, STRINGS_FIRST_ROOM);
}

static uint32_t strings_hash(const char *bytes, size_t len)
{
	uint32_t hash = 2166136261u;	/* FNV-1a */

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 16777619u;
	return hash;
}

uint32_t strings_intern(struct strings *s, const char *bytes, size_t len)
{
	uint32_t hash, at;

	if (!bytes)
		return 0;
	if (len > STRINGS_LEN_MAX)
		len = STRINGS_LEN_MAX;
	if (s->nr + 1 >= s->room && !strings_resize(s, s->room * 2))
		return 0;
	hash = strings_hash(bytes, len);
	for (at = hash & (s->nr_slots - 1); s->slots[at]; at = (at + 1) & (s->nr_slots - 1)) {
		const struct strings_entry *const e = &s->entries[s->slots[at]];

		if (e->hash == hash && e->len == len && !memcmp(e->bytes, bytes, len))
			return s->slots[at];
	}
	s->nr++;
	s->entries[s->nr] = (struct strings_entry){bytes, (uint32_t)len, hash};
	s->slots[at] = s->nr;
	return s->nr;
}

uint32_t strings_intern_text(struct strings *s, const char *text)
{
	return text && text[0] ? strings_intern(s, text, strlen(text)) : 0;
}

void strings_write(const struct strings *s, struct writer *w)
{
	writer_begin(w, HC_SECTION_STRS);
	for (uint32_t i = 1; i <= s->nr; i++) {
		const struct strings_entry *const e = &s->entries[i];
		const size_t size = (sizeof(e->len) + e->len + 3) & ~(size_t)3;
		char *const place = writer_take(w, size);

		memset(place + size - 4, 0, 4);
		memcpy(place, &e->len, sizeof(e->len));
		memcpy(place + sizeof(e->len), e->bytes, e->len);
	}
	writer_end(w);
}
