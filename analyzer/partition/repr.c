/* SPDX-License-Identifier: MIT */
/*
 * Python's repr() of a string.
 */
#include "partition/repr.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

#define REPR_ONE_MAX 10 /* "\U0010ffff" */

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
		{ 0xe000, 0xf8ff },    { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb }, { 0xfffe, 0xffff },
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

/* One character or byte of s; returns how much of s it took. */
static size_t repr_one(const char *s, size_t len, char quote, char out[REPR_ONE_MAX + 1])
{
	static const char from[] = "\n\t\r\\", to[] = "ntr\\";
	const char *simple = strchr(from, *s);
	const size_t n = text_utf8_len(s, len);

	if (simple)
		snprintf(out, REPR_ONE_MAX + 1, "\\%c", to[simple - from]);
	else if (*s == quote)
		snprintf(out, REPR_ONE_MAX + 1, "\\%c", quote);
	else if (!n)
		escape(out, (unsigned char)*s);
	else if (is_escaped(text_decode(s, n)))
		escape(out, text_decode(s, n));
	else
		snprintf(out, REPR_ONE_MAX + 1, "%.*s", (int)n, s);
	return n ? n : 1;
}

char *repr(const char *s)
{
	const char quote = strchr(s, '\'') && !strchr(s, '"') ? '"' : '\'';
	size_t len = strlen(s), at = 0;
	char *text = xmalloc(len * REPR_ONE_MAX + 3);

	text[at++] = quote;
	while (len) {
		const size_t took = repr_one(s, len, quote, text + at);

		at += strlen(text + at);
		s += took;
		len -= took;
	}
	text[at++] = quote;
	text[at] = '\0';
	return text;
}
