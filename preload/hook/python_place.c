/* SPDX-License-Identifier: MIT */
/*
 * Two direct-mapped caches (hook/python_place.h): from (parent node, words of a frame) to nodes,
 * and from (code object, instruction) to places.
 */
#include "hook/python_place.h"

#include <heapcensus/dump_format.h>
#include <string.h>

#include "live/live.h"
#include "stack/depot.h"
#include "stack/location.h"
#include "target/python.h"

#include "rt/ban.h"

#define BIRTH_STATIC  1ul /* no block's: all have a thread */
#define BIRTH_UNKNOWN 0ul

static bool is_same(const struct python_frame *a, const struct python_frame *b)
{
	return a->code == b->code && a->at == b->at;
}

static uint32_t hash_frame(const struct python_frame *f, uint32_t shift)
{
	const uint64_t hash = (f->code ^ f->at << 20) * 0x9e3779b97f4a7c15;

	return (uint32_t)(hash >> (64 - shift));
}

/* From now on its end is noticed. */
static uint64_t find_birth(uint64_t code)
{
	uint64_t birth;

	if (!live_watch(code, &birth))
		return python_is_static(code) ? BIRTH_STATIC : BIRTH_UNKNOWN;
	/* Threads without a slot of their own share their births. */
	return record_thread(birth) ? birth : BIRTH_UNKNOWN;
}

/* Rare, and with large buffers: not on the stack of every allocation. */
__attribute__((noinline)) static uint32_t make_place(const struct python_frame *f,
						     struct python_lines *lines)
{
	char file[PYTHON_TEXT_MAX], function[PYTHON_TEXT_MAX];

	if (!python_is_code(f->code))
		return 0;
	const uint32_t file_len = python_read_file(f->code, file);
	const uint32_t function_len = python_read_function(f->code, function);

	return location_intern(file, file_len, function, function_len,
			       python_find_line(lines, f->code, (uint64_t)((int64_t)f->at >> 1)));
}

/* The last search in that code object, where it is that one still.  A module's code is run from its
 * beginning to its end, and each line of it once. */
static struct python_lines *find_lines(struct python_places *places, const struct python_frame *f,
				       bool known)
{
	struct python_searches *const s = &places->searches;

	if (s->nr_dropped != places->nr_dropped || !known)
		memset(s, 0, sizeof(*s));
	s->nr_dropped = places->nr_dropped;
	return &s->lines[hash_frame(&(struct python_frame){ .code = f->code },
				    PYTHON_SEARCHES_SHIFT)];
}

uint32_t python_find_place(struct python_places *places, const struct python_frame *f, bool *known)
{
	struct python_place *const cached = &places->places[hash_frame(f, PYTHON_PLACES_SHIFT)];
	const bool same = is_same(&cached->frame, f);
	uint64_t birth = cached->birth;

	if (!same || cached->nr_dropped != places->nr_dropped || birth == BIRTH_UNKNOWN)
		birth = find_birth(f->code);
	if (!same || cached->birth != birth || birth == BIRTH_UNKNOWN)
		cached->place = make_place(f, find_lines(places, f, birth != BIRTH_UNKNOWN));
	cached->frame = *f;
	cached->birth = birth;
	cached->nr_dropped = places->nr_dropped;
	*known = birth != BIRTH_UNKNOWN;
	return cached->place;
}

uint32_t python_make_node(struct python_places *places, const struct python_frame *f,
			  uint32_t parent, bool *known)
{
	const uint32_t place = python_find_place(places, f, known);

	if (!place)
		COUNT(python_frames_lost);
	return depot_intern(HC_STACK_PYTHON | (f->at & 1 ? HC_STACK_ENTRY : 0) | place, parent);
}

static bool is_text(uint32_t text, const char *bytes, uint32_t len)
{
	const struct location_text *const kept = location_get_text(text);

	return kept->len == len && !memcmp(kept->bytes, bytes, len);
}

bool python_is_node(uint32_t node, const struct python_frame *f)
{
	const uint64_t pc = depot_get(node)->pc;
	struct python_lines lines = { 0 };
	char text[PYTHON_TEXT_MAX];

	if (!(pc & HC_STACK_PYTHON) || !(pc & HC_STACK_ENTRY) != !(f->at & 1) ||
	    !HC_STACK_INDEX(pc) || !python_is_code(f->code))
		return false;
	const struct location place = location_get(HC_STACK_INDEX(pc));

	return place.line == python_find_line(&lines, f->code, (uint64_t)((int64_t)f->at >> 1)) &&
	       is_text(place.file, text, python_read_file(f->code, text)) &&
	       is_text(place.function, text, python_read_function(f->code, text));
}
