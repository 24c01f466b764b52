/* SPDX-License-Identifier: MIT */
/*
 * The rules of Python's textwrap.wrap: a paragraph is cut into chunks (blanks, words, parts of
 * hyphenated words); chunks are put on a line while they fit; one that is wider than a line is cut;
 * blanks at the ends of lines go, except at the very beginning.
 */
#include "partition/wrap.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

static bool is_blank(char c)
{
	return c == ' ';
}

/* The first or any byte of a letter.  What is beyond ASCII counts as one. */
static bool is_letter(unsigned char c)
{
	return isalpha(c) || c == '_' || c >= 0x80;
}

static bool is_inside_char(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Where the character before s[i] begins; 0 at the beginning of the text. */
static size_t char_before(const char *s, size_t i)
{
	while (i && is_inside_char(s[--i]))
		;
	return i;
}

static size_t char_after(const char *s, size_t i)
{
	while (s[i] && is_inside_char(s[++i]))
		;
	return i;
}

/* May a line end after the hyphen s[i]?  Only between letters: "foo-bar", "a-b-cd". */
static bool breaks_after(const char *s, size_t i)
{
	const size_t b1 = char_before(s, i), b2 = char_before(s, b1), b3 = char_before(s, b2);
	const size_t a1 = i + 1, a2 = char_after(s, a1), a3 = char_after(s, a2);

	if (s[i] != '-' || !b1 || !is_letter(s[b1]) || !is_letter(s[a1]))
		return false;
	return (is_letter(s[b2]) || (b2 && s[b2] == '-' && is_letter(s[b3]))) &&
	       (is_letter(s[a2]) || (s[a2] == '-' && is_letter(s[a3])));
}

/* Length in bytes of the chunk at s[at]. */
static size_t chunk_len(const char *s, size_t at)
{
	const bool blank = is_blank(s[at]);
	size_t end = at;

	while (s[end] && is_blank(s[end]) == blank) {
		end++;
		if (!blank && breaks_after(s, end - 1))
			break;
	}
	return end - at;
}

static size_t char_len(const char *s, size_t len)
{
	const size_t n = text_utf8_len(s, len);

	return n ? n : 1;
}

static size_t nr_chars(const char *s, size_t len)
{
	size_t nr = 0;

	for (; len; nr++) {
		const size_t n = char_len(s, len);

		s += n;
		len -= n;
	}
	return nr;
}

/* Bytes of the first nr characters of s. */
static size_t bytes_of(const char *s, size_t len, size_t nr)
{
	size_t bytes = 0;

	while (nr-- && bytes < len)
		bytes += char_len(s + bytes, len - bytes);
	return bytes;
}

/* How much of a chunk that is wider than a line goes on the rest of this one: up to its last hyphen
 * there, or what fits. */
static size_t cut(const char *chunk, size_t len, size_t room)
{
	const size_t fits = bytes_of(chunk, len, room);

	for (size_t i = fits; i-- > 1;)
		if (chunk[i] == '-' && strspn(chunk, "-") < i)
			return i + 1;
	return fits;
}

/*
 * Where the line that begins at s[at] and has room for `room` characters ends.  *keeps_blank:
 * textwrap forgets to drop the blank at the end of a line that is full when a word comes that is
 * wider than a line.
 */
static size_t line_end(const char *s, size_t at, size_t room, bool *keeps_blank)
{
	size_t used = 0;

	*keeps_blank = false;
	while (s[at]) {
		const size_t len = chunk_len(s, at), width = nr_chars(s + at, len);

		if (used + width <= room) {
			used += width;
			at += len;
			continue;
		}
		*keeps_blank = width > room && used == room;
		return width > room ? at + cut(s + at, len, room - used) : at;
	}
	return at;
}

static void print_line(FILE *out, const char *s, size_t len, bool keeps_blank)
{
	while (!keeps_blank && len && is_blank(s[len - 1]))
		len--;
	fprintf(out, "%.*s\n", (int)len, s);
}

void wrap_print(FILE *out, const char *prefix, const char *text, int wide)
{
	_cleanup_free_ char *s = xasprintf("%s%s", prefix, text);
	const size_t indent = nr_chars(prefix, strlen(prefix));
	const size_t room = indent < WRAP_WIDTH - 1 ? WRAP_WIDTH - indent : 1;
	bool keeps_blank;
	size_t at = line_end(s, 0, WRAP_WIDTH, &keeps_blank);

	if (wide || !s[at]) {
		print_line(out, s, strlen(s), false);
		return;
	}
	print_line(out, s, at, keeps_blank);
	for (;;) {
		size_t end;

		while (is_blank(s[at]))
			at++;
		if (!s[at])
			break;
		end = line_end(s, at, room, &keeps_blank);
		fprintf(out, "%*s", (int)indent, "");
		print_line(out, s + at, end - at, keeps_blank);
		at = end;
	}
}
