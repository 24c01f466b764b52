/* SPDX-License-Identifier: MIT */
/*
 * Names and lines of code objects (target/python_frame.h): three encodings of lines, one of text.
 *
 * Any thread, inside malloc; keeps errno.
 */
#include <string.h>

#include "target/python.h"
#include "target/python_frame.h"

#include "rt/ban.h"

#define MINOR_RANGES	10 /* lines by ranges of instructions: each pair of bytes is one */
#define MINOR_LOCATIONS 11 /* lines and columns, in entries of several bytes */
#define NO_LINE		(-128)
#define LINES_MAX	(1ul << 28) /* bytes of a table of lines that can be */

static uint64_t read_word(uint64_t addr)
{
	return *(const uint64_t *)addr;
}

/* Up to 3.9: { bytes of code, lines }, both to be added. */
static int64_t find_in_lnotab(struct python_lines *t, uint64_t offset)
{
	for (; t->end - t->at >= 2 && t->start + t->at[0] <= offset; t->at += 2) {
		t->start += t->at[0];
		t->line += (int8_t)t->at[1];
	}
	return t->line;
}

/* 3.10: { bytes of code that have this line, lines to be added before }. */
static int64_t find_in_ranges(struct python_lines *t, uint64_t offset)
{
	for (; t->end - t->at >= 2; t->at += 2) {
		const int8_t delta = (int8_t)t->at[1];
		const int64_t line = t->line + (delta != NO_LINE ? delta : 0);

		if (offset < t->start + t->at[0])
			return delta != NO_LINE ? line : 0;
		t->start += t->at[0];
		t->line = line;
	}
	return 0;
}

/* Six bits a byte, lowest first; bit 6: there are more. */
static int64_t read_signed(const uint8_t *at, const uint8_t *end)
{
	uint64_t value = 0;

	for (uint32_t shift = 0; at < end && shift < 60; shift += 6, at++) {
		value |= (uint64_t)(*at & 63) << shift;
		if (!(*at & 64))
			break;
	}
	return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

/* From 3.11 on: entries that begin with a byte of 128 or more: 1, kind:4, code units - 1:3. */
static int64_t find_in_locations(struct python_lines *t, uint64_t offset)
{
	enum { ONE_LINE_0 = 10, ONE_LINE_2 = 12, NO_COLUMNS = 13, LONG = 14, NONE = 15 };

	while (t->at < t->end) {
		const uint32_t kind = *t->at >> 3 & 15;
		const uint64_t end = t->start + ((*t->at & 7) + 1ul) * 2;
		int64_t line = t->line;

		if (kind == NO_COLUMNS || kind == LONG)
			line += read_signed(t->at + 1, t->end);
		else if (kind >= ONE_LINE_0 && kind <= ONE_LINE_2)
			line += kind - ONE_LINE_0;
		if (offset < end)
			return kind != NONE ? line : 0;
		t->start = end;
		t->line = line;
		do
			t->at++;
		while (t->at < t->end && !(*t->at & 128));
	}
	return 0;
}

static struct python_lines begin_lines(uint64_t code)
{
	const struct python_layout *const l = &target_python.layout;
	const uint64_t bytes = read_word(code + l->code_lines);
	const uint64_t len = read_word(bytes + HC_PYTHON_OB_SIZE);
	const uint8_t *const table = (const uint8_t *)bytes + HC_PYTHON_BYTES_BYTES;

	return (struct python_lines){
		.code = code,
		.at = table,
		.end = table + (len < LINES_MAX ? len : 0),
		.line = *(const int32_t *)(code + l->code_first_line),
	};
}

uint32_t python_find_line(struct python_lines *last, uint64_t code, uint64_t offset)
{
	int64_t line;

	if (last->code != code || (int64_t)offset < (int64_t)last->start)
		*last = begin_lines(code);
	if ((int64_t)offset < 0)
		line = last->line; /* it has not begun, nor has the search */
	else if (target_python.minor >= MINOR_LOCATIONS)
		line = find_in_locations(last, offset);
	else if (target_python.minor >= MINOR_RANGES)
		line = find_in_ranges(last, offset);
	else
		line = find_in_lnotab(last, offset);
	return line > 0 && line <= INT32_MAX ? (uint32_t)line : 0;
}

static uint32_t put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 63));
		to[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	to[0] = (char)(0xf0 | (c >> 18 & 7));
	to[1] = (char)(0x80 | (c >> 12 & 63));
	to[2] = (char)(0x80 | (c >> 6 & 63));
	to[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* Bytes that were no text when the file's name was read stand there as U+DC80 and up: they are
 * themselves again. */
static uint32_t put_character(char *to, uint32_t c)
{
	if (c >= 0xdc80 && c <= 0xdcff) {
		to[0] = (char)(c - 0xdc00);
		return 1;
	}
	return put_utf8(to, c);
}

static uint32_t get_character(const uint8_t *data, uint32_t unit, uint64_t i)
{
	if (unit == 1)
		return data[i];
	if (unit == 2)
		return ((const uint16_t *)data)[i];
	return ((const uint32_t *)data)[i];
}

static uint32_t read_text(uint64_t str, char *buf)
{
	const struct python_layout *const l = &target_python.layout;
	const uint32_t state = *(const uint32_t *)(str + HC_PYTHON_STR_STATE);
	const uint64_t length = read_word(str + HC_PYTHON_STR_LENGTH);
	const uint64_t behind = str + l->str_compact;
	const uint64_t data = !HC_PYTHON_STR_IS_COMPACT(state) ? read_word(behind)
			      : HC_PYTHON_STR_IS_ASCII(state)  ? str + l->str_ascii
							       : behind;
	uint32_t len = 0;

	for (uint64_t i = 0; i < length; i++) {
		const uint32_t c =
			get_character((const uint8_t *)data, HC_PYTHON_STR_KIND(state), i);

		if (len > PYTHON_TEXT_MAX - 8) {
			memcpy(buf + len, "...", 3);
			return len + 3;
		}
		len += put_character(buf + len, c);
	}
	return len;
}

uint32_t python_read_file(uint64_t code, char buf[static PYTHON_TEXT_MAX])
{
	return read_text(read_word(code + target_python.layout.code_filename), buf);
}

uint32_t python_read_function(uint64_t code, char buf[static PYTHON_TEXT_MAX])
{
	return read_text(read_word(code + target_python.layout.code_name), buf);
}
