/* SPDX-License-Identifier: MIT */
/*
 * Texts of std::basic_string that are too long for the object itself:
 *
 *	libstdc++  { text, length, capacity, ... }      room for capacity + 1 characters
 *	libc++     { room | 1, length, text }           room for a multiple of 16 bytes
 *
 * and behind `length` characters there is a zero.
 */
#include <string.h>

#include "typing/container/shape.h"

#define LOCAL_BYTES	16 /* libstdc++ keeps that many in the object, with the zero */
#define LLVM_ROOM_MIN	32 /* bytes */
#define LLVM_ROOM_ALIGN 16
#define SURE_LENGTH	4 /* characters without a zero that nothing else has by chance */

static const struct {
	uint64_t unit; /* bytes of a character */
	enum container_role role;
} widths[] = {
	{ 1, CONTAINER_TEXT },
	{ 2, CONTAINER_TEXT16 },
	{ 4, CONTAINER_TEXT32 },
};

static bool is_zero_unit(const uint8_t *bytes, uint64_t index, uint64_t unit)
{
	static const uint8_t zero[4];

	return !memcmp(bytes + index * unit, zero, unit);
}

static bool has_zero(const uint8_t *bytes, uint64_t length, uint64_t unit)
{
	if (unit == 1)
		return memchr(bytes, 0, length);
	for (uint64_t i = 0; i < length; i++) {
		if (is_zero_unit(bytes, i, unit))
			return true;
	}
	return false;
}

/*
 * std::stringbuf writes behind the length of its string.  Before the text's address, in both
 * libraries at the same distance, stand the ends of the stream's put area, which is its room.
 */
static bool is_stringbuf(const struct span *s, uint64_t offset, uint64_t text, uint64_t capacity)
{
	return span_has(s, offset, -40, 0) && load_word(s->bytes, offset - 40) == text &&
	       load_word(s->bytes, offset - 24) == text + capacity;
}

static void try_text(struct containers *c, const struct span *s, uint64_t offset, node_id block,
		     uint64_t length, size_t width, bool is_streamed)
{
	const uint64_t unit = widths[width].unit, size = c->blocks->size[block];
	const uint8_t *bytes = dump_block_bytes(c->heap->dump, block);

	if (!bytes || (!is_streamed && !is_zero_unit(bytes, length, unit)))
		return;

	const struct container_part part = {
		.role = widths[width].role,
		.holder = s->node,
		.offset = s->origin + offset,
		.end = is_streamed ? size : (length + 1) * unit,
	};

	if (is_streamed || (length >= SURE_LENGTH && !has_zero(bytes, length, unit)))
		shape_claim(c, block, &part);
	else
		shape_propose(c, s, block, &part, 1);
}

static void try_gnu(struct containers *c, const struct span *s, uint64_t offset, node_id block)
{
	if (!span_has(s, offset, 0, 16))
		return;

	const uint64_t length = load_word(s->bytes, offset + 8);
	const uint64_t capacity = load_word(s->bytes, offset + 16);
	const uint64_t size = c->blocks->size[block];

	if (length > capacity || capacity >= size)
		return;
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		const uint64_t unit = widths[i].unit;

		if ((capacity + 1) * unit == size && (capacity + 1) * unit > LOCAL_BYTES)
			try_text(c, s, offset, block, length, i,
				 is_stringbuf(s, offset, c->blocks->addr[block], capacity * unit));
	}
}

static void try_llvm(struct containers *c, const struct span *s, uint64_t offset, node_id block)
{
	if (!span_has(s, offset, -16, 0))
		return;

	const uint64_t room = load_word(s->bytes, offset - 16);
	const uint64_t length = load_word(s->bytes, offset - 8);
	const uint64_t size = c->blocks->size[block];

	if (!(room & 1) || length >= room - 1 || room > size + 1 || size < LLVM_ROOM_MIN ||
	    size % LLVM_ROOM_ALIGN)
		return;
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		const uint64_t unit = widths[i].unit;

		if ((room - 1) * unit == size)
			try_text(c, s, offset, block, length, i,
				 is_stringbuf(s, offset, c->blocks->addr[block], size - unit));
	}
}

void shape_string(struct containers *c, const struct span *s, uint64_t offset, node_id block)
{
	try_gnu(c, s, offset, block);
	try_llvm(c, s, offset, block);
}
