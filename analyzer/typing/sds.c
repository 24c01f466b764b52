/* SPDX-License-Identifier: MIT */
/*
 * The strings of redis and of what took them from it (sds.h, since 3.2): a packed header of length
 * and capacity, a byte that says which header it is, the text, a NUL.  The program's pointers lead
 * to the text, so to an odd address of the block and never to its start.  Both together are
 * believed: a header that agrees with the block's size, and such a pointer.
 */
#include <string.h>

#include "base/mem.h"
#include "heap/stack.h"
#include "typing/content.h"
#include "typing/pointed.h"
#include "typing/recogniser.h"

#define KIND_MASK     7u
#define SHORT_SHIFT   3 /* the shortest kind: its length is in the other bits of that byte */
#define SHORT_HEADER  1u
#define NR_LONG_KINDS 4u

/* What is known of a block: bytes before the text where its header agrees, 0: it is none.
 * IS_TEXT_TOO: with the header's letter before it this may be a text of which somebody skipped one.
 */
enum { IS_POINTED = 0x80, IS_REFUTED = 0x40, IS_TEXT_TOO = 0x20, HEADER_MASK = 0x1f };

struct sds_header {
	uint64_t len, room, room_max, header;
};

static bool load_header(const uint8_t *bytes, uint64_t size, unsigned int kind,
			struct sds_header *s)
{
	const unsigned int width = 1u << (kind - 1);

	*s = (struct sds_header){ .room_max = UINT64_MAX >> (64 - 8 * width),
				  .header = 2 * width + 1 };
	if (size <= s->header || bytes[s->header - 1] != kind)
		return false;
	memcpy(&s->len, bytes, width);
	memcpy(&s->room, bytes + width, width);
	return true;
}

/* The room that an allocator gives for a request: at most a quarter more, or 24 bytes. */
static bool is_room_for(const struct sds_header *s, uint64_t size)
{
	if (s->room > UINT64_MAX / 2)
		return false;

	const uint64_t used = s->header + s->room + 1;
	const uint64_t slack = size / 4 > 24 ? size / 4 : 24;

	return used == size || (used > size && used - size <= slack) ||
	       (used < size && s->room == s->room_max && size - used <= slack);
}

static bool is_long(const uint8_t *bytes, uint64_t size, const struct sds_header *s)
{
	const uint64_t end = s->header + s->len;

	return s->len <= s->room && is_room_for(s, size) && (end >= size || !bytes[end]);
}

/* The shortest kind has no more than a byte before its text, so the text is looked at. */
static bool is_short(const uint8_t *bytes, uint64_t size)
{
	const uint64_t len = bytes[0] >> SHORT_SHIFT;

	return !(bytes[0] & KIND_MASK) && len && size == SHORT_HEADER + len + 1 &&
	       content_text_run(bytes + SHORT_HEADER, size - SHORT_HEADER) == len &&
	       !bytes[size - 1];
}

static uint8_t guess_state(const uint8_t *bytes, uint64_t size)
{
	struct sds_header s;

	if (size < SHORT_HEADER + 1)
		return 0;
	if (is_short(bytes, size))
		return SHORT_HEADER | (content_text_run(bytes, 1) ? IS_TEXT_TOO : 0);
	for (unsigned int kind = 1; kind <= NR_LONG_KINDS; kind++) {
		if (load_header(bytes, size, kind, &s) && is_long(bytes, size, &s))
			return (uint8_t)s.header;
	}
	return 0;
}

/* What passes on stacks and in registers may be stale, or the allocator's. */
static bool is_lasting(const struct heap *h, node_id from)
{
	return !node_is_root(h, from) || h->roots[from - h->nr_objects].kind == ROOT_GLOBAL ||
	       h->roots[from - h->nr_objects].kind == ROOT_RANGE;
}

struct sds_search {
	struct heap *heap;
	uint8_t *states;
};

static void note_pointer(void *arg, const struct pointed *p)
{
	struct sds_search *s = arg;
	uint8_t *state = &s->states[p->to];

	if (p->offset == (*state & HEADER_MASK))
		*state |= IS_POINTED;
	else if (p->offset < (*state & HEADER_MASK) && is_lasting(s->heap, p->from))
		*state |= IS_REFUTED;
}

static bool find_headers(const struct typing *t, uint8_t *states)
{
	const struct heap *h = t->heap;
	bool any = false;

	for (node_id n = 0; n < h->nr_objects; n++) {
		const uint8_t *bytes = object_is_open(h, n) ? dump_block_bytes(h->dump, n) : NULL;

		if (bytes)
			states[n] = guess_state(bytes, t->blocks->size[n]);
		any |= states[n];
	}
	return any;
}

static void settle(struct sds_search *s, node_id n)
{
	struct heap *h = s->heap;

	h->type[n] = heap_intern_type(h, "sds", PROVENANCE_LAYOUT, TYPE_NO_POINTERS | TYPE_LEAF);
	h->head[n] = s->states[n] & HEADER_MASK;
}

/* The call that made the block. */
static uint64_t caller_of(const struct heap *h, node_id n)
{
	size_t nr;
	const uint32_t node = heap_find_native(h, dump_blocks(h->dump)->stack[n]);

	return dump_stacks(h->dump, &nr)[node].pc;
}

static bool is_seen(const struct sds_search *s, node_id n, uint8_t doubt)
{
	return (s->states[n] & ~HEADER_MASK) == (IS_POINTED | doubt);
}

/* Those that may be something else, too, are believed where the same call made others that surely
 * are. */
static void settle_seen(struct sds_search *s)
{
	struct map callers = { 0 };

	for (node_id n = 0; n < s->heap->nr_objects; n++) {
		if (!is_seen(s, n, 0))
			continue;
		settle(s, n);
		*map_find_or_insert(&callers, caller_of(s->heap, n), 0) = 1;
	}
	for (node_id n = 0; n < s->heap->nr_objects; n++) {
		if (is_seen(s, n, IS_TEXT_TOO) &&
		    map_find(&callers, caller_of(s->heap, n), 0) != MAP_EMPTY)
			settle(s, n);
	}
	map_deinit(&callers);
}

void sds_settle(struct typing *t)
{
	struct heap *h = t->heap;
	_cleanup_free_ uint8_t *states = xcalloc(h->nr_objects + 1ul, sizeof(*states));
	struct sds_search search = { h, states };

	if (!t->has_text || !find_headers(t, states))
		return;
	pointed_each(h, states, note_pointer, &search);
	settle_seen(&search);
}
