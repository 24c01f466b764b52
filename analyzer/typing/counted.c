/* SPDX-License-Identifier: MIT */
/*
 * Buffers of strings and tables that programs made themselves: { text, length, room }, in whatever
 * order and width.  Where beside a pointer there is a number that in every object of a class (or of
 * a site and size) is exactly the room of the block that the pointer leads to, that is what it is;
 * another one that is never more is how much of it is in use.  What is behind that is stale, so a
 * buffer that is text as far as it is used is text, however short, and one of pointers is a pointer
 * array.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "heap/ahead.h"
#include "typing/content.h"
#include "typing/field.h"
#include "typing/native/block.h"

#define SAMPLES_MIN 4
#define TRIALS	    16 /* after which half of the objects must agree on a place */
#define TEXT_MIN    4
#define NR_PLACES   8
#define SITE_MARK   (1ull << 63) /* in keys: no class, but a stack and size */

/* Where the numbers may stand, from the pointer. */
static const struct {
	int offset, width;
} places[NR_PLACES] = { { -8, 4 },  { -4, 4 }, { 8, 4 }, { 12, 4 },
			{ -16, 8 }, { -8, 8 }, { 8, 8 }, { 16, 8 } };

/* What a number may count. */
enum unit { UNIT_BYTES, UNIT_BYTES_AND_NUL, UNIT_WORDS, NR_UNITS };

/* A pointer field of all objects of a kind, and which places count what it leads to. */
struct counter {
	uint64_t nr;
	uint64_t size;			       /* of the first block */
	bool is_none;			       /* no place is the room */
	bool has_sizes;			       /* not all of one size */
	bool is_class;			       /* the objects are known to be of one kind */
	uint32_t nr_room[NR_UNITS][NR_PLACES]; /* times that the place was exactly the room */
	uint32_t nr_used[NR_UNITS][NR_PLACES]; /* ... or less, but not 0 */
	uint32_t nr_none[NR_PLACES];	       /* ... or 0 */
};

/* What the field turned out to be. */
struct finding {
	enum unit unit;	   /* NR_UNITS: nothing */
	size_t room, used; /* places */
};

struct sample {
	uint32_t counter;
	node_id block;
	const uint8_t *pointer; /* in the object */
	uint8_t reach;		/* bit i: places[i] lies in the object */
};

struct counted {
	struct typing *typing;
	struct fields fields;
	struct map ids; /* (type, or stack and size; offset) -> index in counters */
	struct counter *counters;
	size_t nr_counters, counters_room;
	struct sample *samples;
	size_t nr_samples, samples_room;
};

static uint64_t load_number(const uint8_t *pointer, size_t place)
{
	uint64_t number = 0;

	memcpy(&number, pointer + places[place].offset, (size_t)places[place].width);
	return number;
}

static uint64_t bytes_of(uint64_t number, enum unit unit)
{
	switch (unit) {
	case UNIT_BYTES:
		return number;
	case UNIT_BYTES_AND_NUL:
		return number + 1;
	case UNIT_WORDS:
		return number * 8;
	case NR_UNITS:
		break;
	}
	return 0;
}

static struct counter *get_counter(struct counted *s, uint64_t kind, uint64_t offset, uint64_t size)
{
	uint64_t *slot = map_find_or_insert(&s->ids, kind, offset);

	if (*slot == MAP_EMPTY) {
		s->counters = array_grow(s->counters, s->nr_counters, &s->counters_room,
					 sizeof(*s->counters));
		*slot = s->nr_counters;
		s->counters[s->nr_counters++] =
			(struct counter){ .size = size, .is_class = !(kind & SITE_MARK) };
	}
	return &s->counters[*slot];
}

/* Is the place in the object, and not more than the room? */
static bool is_used(const struct sample *sample, size_t place, enum unit unit, uint64_t size)
{
	const bool is_there = sample->reach & 1u << place;
	const uint64_t number = is_there ? load_number(sample->pointer, place) : UINT64_MAX;

	return number <= UINT32_MAX && bytes_of(number, unit) <= size;
}

static bool is_room(const struct sample *sample, size_t place, enum unit unit, uint64_t size)
{
	return is_used(sample, place, unit, size) &&
	       bytes_of(load_number(sample->pointer, place), unit) == size;
}

static void count(struct counter *c, const struct sample *sample, uint64_t size)
{
	c->nr++;
	c->has_sizes |= size != c->size;
	for (size_t i = 0; i < NR_PLACES; i++) {
		const bool is_none = is_used(sample, i, UNIT_BYTES, 0);

		c->nr_none[i] += is_none;
		for (enum unit unit = 0; unit < NR_UNITS; unit++) {
			c->nr_room[unit][i] += is_room(sample, i, unit, size);
			c->nr_used[unit][i] += !is_none && is_used(sample, i, unit, size);
		}
	}
}

static bool has_candidate(const struct counter *c)
{
	for (enum unit unit = 0; unit < NR_UNITS; unit++) {
		for (size_t i = 0; i < NR_PLACES; i++) {
			if (c->nr_room[unit][i] * 2 >= c->nr)
				return true;
		}
	}
	return false;
}

/* The places that lie in [start, end), offsets in the object as that of the pointer. */
static uint8_t find_reach(uint64_t start, uint64_t end, uint64_t offset)
{
	uint8_t reach = 0;

	for (size_t i = 0; i < NR_PLACES; i++) {
		const int64_t at = (int64_t)offset + places[i].offset;

		if (at >= (int64_t)start && at + places[i].width <= (int64_t)end)
			reach |= (uint8_t)(1u << i);
	}
	return reach;
}

/* Of the field's kind of object. */
static struct counter *find_counter(struct counted *s, const struct field *f)
{
	const struct heap *h = s->typing->heap;
	const struct dump_blocks *b = s->typing->blocks;
	uint64_t kind;

	if (f->part != TYPE_UNSURE)
		return get_counter(s, f->part, f->part_offset, b->size[f->to]);
	if (node_is_root(h, f->from))
		return NULL;
	kind = type_is_open(object_type(h, f->from))
		       ? SITE_MARK | (uint64_t)b->stack[f->from] << 32 | (uint32_t)b->size[f->from]
		       : h->type[f->from];
	return get_counter(s, kind, f->offset, b->size[f->to]);
}

static void add_field(void *arg, const struct field *f)
{
	struct counted *s = arg;
	const struct heap *h = s->typing->heap;
	const struct dump_blocks *b = s->typing->blocks;

	if (f->to == NODE_NONE || f->to == f->from || !type_is_open(object_type(h, f->to)) ||
	    !b->size[f->to])
		return;

	struct counter *c = find_counter(s, f);

	if (!c || c->is_none)
		return;

	const struct root *root =
		node_is_root(h, f->from) ? &h->roots[f->from - h->nr_objects] : NULL;
	const uint8_t *bytes = root ? root->bytes : dump_block_bytes(h->dump, f->from);
	const struct sample sample = {
		.counter = (uint32_t)(c - s->counters),
		.block = f->to,
		.pointer = bytes + f->offset,
		.reach = find_reach(0, root ? root->size : b->size[f->from], f->offset),
	};

	count(c, &sample, b->size[f->to]);
	c->is_none = c->nr == TRIALS && !has_candidate(c);
	s->samples = array_grow(s->samples, s->nr_samples, &s->samples_room, sizeof(*s->samples));
	s->samples[s->nr_samples++] = sample;
}

/* Nearly all: an object may have been given up. */
static bool is_most(const struct counter *c, uint32_t nr)
{
	return nr * 10ul >= c->nr * 9;
}

/* A place that is the room, and of the others that are never more the one that is rarely 0. */
static bool find_places(const struct counter *c, struct finding *f)
{
	bool has_room = false, has_used = false;

	for (size_t i = 0; i < NR_PLACES; i++) {
		const uint32_t nr_used = c->nr_used[f->unit][i];

		if (is_most(c, c->nr_room[f->unit][i])) {
			f->room = i;
			has_room = true;
		} else if (nr_used && is_most(c, nr_used + c->nr_none[i]) &&
			   (!has_used || nr_used > c->nr_used[f->unit][f->used])) {
			f->used = i;
			has_used = true;
		}
	}
	return has_room && has_used;
}

static struct finding find_unit(const struct counter *c)
{
	struct finding f = { NR_UNITS, 0, 0 };

	if (c->nr < SAMPLES_MIN || !c->has_sizes)
		return f;
	for (f.unit = 0; f.unit < NR_UNITS; f.unit++) {
		if (find_places(c, &f))
			break;
	}
	return f;
}

/* Could the word be an address? */
static bool is_address(const struct dump *d, uint64_t word)
{
	return dump_find_block(d, word) != UINT32_MAX || dump_find_module(d, word) != UINT32_MAX;
}

/* Of the words that are in use: how many are addresses, and how many of these do not lead to the
 * start of a block or are none. */
static void count_words(const struct counted *s, const uint8_t *bytes, uint64_t used,
			uint64_t *nr_pointers, uint64_t *nr_others)
{
	uint64_t word;

	*nr_pointers = *nr_others = 0;
	for (uint64_t offset = 0; offset + 8 <= used; offset += 8) {
		memcpy(&word, bytes + offset, sizeof(word));
		if (!word)
			continue;
		*nr_pointers += is_address(s->typing->heap->dump, word);
		*nr_others += fields_find_target(&s->fields, word) == NODE_NONE;
	}
}

/* TYPE_UNSURE: the bytes do not agree, or are not enough where no class vouches for the field. */
static uint32_t make_type(struct counted *s, const struct counter *c, const uint8_t *bytes,
			  uint64_t used, enum unit unit)
{
	struct heap *h = s->typing->heap;
	uint64_t nr_pointers, nr_others;

	if (unit != UNIT_WORDS && used >= (c->is_class ? 1 : TEXT_MIN) &&
	    content_text_run(bytes, used) == used)
		return heap_intern_type(h, "text", PROVENANCE_CONTENT,
					TYPE_NO_POINTERS | TYPE_LEAF);
	count_words(s, bytes, used, &nr_pointers, &nr_others);
	if (unit == UNIT_WORDS && nr_pointers && !nr_others)
		return heap_intern_type(h, "pointer array", PROVENANCE_CONTENT, TYPE_POINTER_ARRAY);
	if (unit != UNIT_WORDS && !nr_pointers && c->is_class)
		return heap_intern_type(h, "char[]", PROVENANCE_CONTENT,
					TYPE_NO_POINTERS | TYPE_LEAF);
	return TYPE_UNSURE;
}

static void settle_block(struct counted *s, const struct sample *sample)
{
	struct heap *h = s->typing->heap;
	const node_id n = sample->block;
	const uint64_t size = block_size(h, n);
	const struct counter *c = &s->counters[sample->counter];
	const struct finding f = find_unit(c);
	const uint8_t *bytes = dump_block_bytes(h->dump, n);

	if (f.unit == NR_UNITS || !bytes || !(object_type(h, n)->flags & TYPE_FALLBACK) ||
	    !is_room(sample, f.room, f.unit, size) || !is_used(sample, f.used, f.unit, size))
		return;

	const uint64_t number = load_number(sample->pointer, f.used);
	const uint32_t type =
		make_type(s, c, bytes, f.unit == UNIT_WORDS ? number * 8 : number, f.unit);

	if (type != TYPE_UNSURE)
		h->type[n] = type;
}

/* Objects of classes, and what has no type.  Of others somebody else knows what their fields lead
 * to. */
static bool may_hold(const struct heap *h, node_id n)
{
	const struct type *type = object_type(h, n);

	if (type->provenance == PROVENANCE_SHAPE) /* strings may lie in them */
		return !(type->flags & TYPE_NO_POINTERS);
	return provenance_is(type->provenance, BY_VTABLE | IS_LABEL) && h->owner[n] != NODE_NONE &&
	       !native_type_of(h->native, n);
}

void counted_settle(struct typing *t)
{
	struct heap *h = t->heap;
	struct counted s = { .typing = t };

	if (!t->has_text || !dump_has_contents(h->dump))
		return;
	fields_init(&s.fields, t);
	for (node_id n = 0; n < h->nr_objects; n++) {
		heap_look_ahead(h, n, may_hold);
		if (may_hold(h, n))
			fields_each_of_block(&s.fields, n, add_field, &s);
	}
	fields_each_of_roots(&s.fields, add_field, &s);
	for (size_t i = 0; i < s.nr_samples; i++)
		settle_block(&s, &s.samples[i]);
	fields_deinit(&s.fields);
	map_deinit(&s.ids);
	free(s.counters);
	free(s.samples);
}
