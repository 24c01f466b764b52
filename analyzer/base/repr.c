/* SPDX-License-Identifier: MIT */
/*
 * Python's repr() of a string.
 */
#include "base/repr.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* What Python escapes although a terminal would bear it: blanks other than ' ', format and private
 * characters. */
static bool is_escaped(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0xa0, 0xa0 },	       { 0xad, 0xad },	   { 0x600, 0x605 },   { 0x61c, 0x61c },
		{ 0x6dd, 0x6dd },      { 0x70f, 0x70f },   { 0x1680, 0x1680 }, { 0x180e, 0x180e },
		{ 0x2000, 0x200f },    { 0x2028, 0x202f }, { 0x205f, 0x206f }, { 0x3000, 0x3000 },
		{ 0xd800, 0xf8ff },    { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0xfffe, 0xffff },
		{ 0xe0000, 0x10ffff },
	};

	if (!text_is_printable(c))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

static void escape(char out[REPR_ONE_MAX + 1], uint32_t c)
{
	snprintf(out, REPR_ONE_MAX + 1,
		 c < 0x100     ? "\\x%02x"
		 : c < 0x10000 ? "\\u%04x"
			       : "\\U%08x",
		 c);
}

static void encode(char out[REPR_ONE_MAX + 1], uint32_t c)
{
	const int tail = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const uint8_t leads[] = { 0, 0xc0, 0xe0, 0xf0 };

	out[0] = (char)(leads[tail] | c >> 6 * tail);
	for (int i = 1; i <= tail; i++)
		out[i] = (char)(0x80 | (c >> 6 * (tail - i) & 0x3f));
	out[tail + 1] = '\0';
}

/* What is written alike in str and bytes. */
static bool escape_simple(uint32_t c, char quote, char out[REPR_ONE_MAX + 1])
{
	static const char from[] = "\n\t\r\\", to[] = "ntr\\";
	const char *simple = c && c < 0x80 ? strchr(from, (char)c) : NULL;

	if (simple)
		snprintf(out, REPR_ONE_MAX + 1, "\\%c", to[simple - from]);
	else if (c == (unsigned char)quote)
		snprintf(out, REPR_ONE_MAX + 1, "\\%c", quote);
	else
		return false;
	return true;
}

size_t repr_character(uint32_t c, char quote, char out[REPR_ONE_MAX + 1])
{
	if (escape_simple(c, quote, out))
		return strlen(out);
	if (is_escaped(c))
		escape(out, c);
	else
		encode(out, c);
	return strlen(out);
}

size_t repr_byte(uint8_t byte, char quote, char out[REPR_ONE_MAX + 1])
{
	if (!escape_simple(byte, quote, out))
		snprintf(out, REPR_ONE_MAX + 1, byte < 0x20 || byte > 0x7e ? "\\x%02x" : "%c",
			 byte);
	return strlen(out);
}

char *repr(const char *s)
{
	const char quote = repr_quote(strchr(s, '\''), strchr(s, '"'));
	size_t len = strlen(s), at = 0;
	char *text = xmalloc(len * REPR_ONE_MAX + 3);

	text[at++] = quote;
	while (len) {
		const size_t n = text_utf8_len(s, len), took = n ? n : 1;

		at += n ? repr_character(text_decode(s, n), quote, text + at)
			: repr_byte((uint8_t)*s, quote, text + at);
		s += took;
		len -= took;
	}
	text[at++] = quote;
	text[at] = '\0';
	return text;
}
