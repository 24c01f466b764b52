/* SPDX-License-Identifier: MIT */
/*
 * Escaping of foreign text.
 */
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

uint32_t text_decode(const char *s, size_t len)
{
	const unsigned char *b = (const unsigned char *)s;

	switch (len) {
	case 1:
		return b[0];
	case 2:
		return (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
	case 3:
		return (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
	default:
		return (b[0] & 0x07u) << 18 | (b[1] & 0x3fu) << 12 | (b[2] & 0x3fu) << 6 |
		       (b[3] & 0x3fu);
	}
}

size_t text_utf8_len(const char *s, size_t len)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const unsigned char lead = len ? (unsigned char)s[0] : 0xff;
	size_t need = 0, i;
	uint32_t c;

	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead < 0xe0)
		need = 2;
	else if (lead >= 0xe0 && lead < 0xf0)
		need = 3;
	else if (lead >= 0xf0 && lead < 0xf5)
		need = 4;
	if (!need || need > len)
		return 0;
	for (i = 1; i < need; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			return 0;
	c = text_decode(s, need);
	return c < least[need] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000) ? 0 : need;
}

bool text_is_printable(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	if (c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069))
		return false;
	return c != 0xfeff;
}

/* One character or byte of s, escaped, into out (at most 4 bytes and a NUL); returns how much of s
 * it took. */
static size_t escape_one(const char *s, size_t len, char out[5])
{
	static const char from[] = "\n\t\r\\", to[] = "ntr\\";
	const char *simple = s[0] ? strchr(from, s[0]) : NULL;
	const size_t n = text_utf8_len(s, len);

	if (simple) {
		snprintf(out, 5, "\\%c", to[simple - from]);
		return 1;
	}
	if (!n || !text_is_printable(text_decode(s, n))) {
		snprintf(out, 5, "\\x%02x", (unsigned char)s[0]);
		return 1;
	}
	memcpy(out, s, n);
	out[n] = '\0';
	return n;
}

char *text_escape_max(const char *s, size_t len, size_t max)
{
	size_t size = 0, capacity = (len < max ? len : max) + 8, at = 0;
	char *text = xmalloc(capacity), one[5];

	while (at < len) {
		const size_t took = escape_one(s + at, len - at, one), n = strlen(one);

		if (size + n > max) {
			text = xrealloc(text, size + 4, 1);
			memcpy(text + size, "...", 3);
			size += 3;
			break;
		}
		if (size + n + 1 > capacity) {
			capacity *= 2;
			text = xrealloc(text, capacity, 1);
		}
		memcpy(text + size, one, n);
		size += n;
		at += took;
	}
	text[size] = '\0';
	return text;
}

char *text_escape(const char *s, size_t len)
{
	return text_escape_max(s, len, SIZE_MAX - 8);
}

bool text_is_clean(const char *s)
{
	size_t len = strlen(s);

	while (len) {
		const size_t n = text_utf8_len(s, len);

		if (!n || !text_is_printable(text_decode(s, n)))
			return false;
		s += n;
		len -= n;
	}
	return true;
}

void text_print(FILE *out, const char *s)
{
	_cleanup_free_ char *text = text_escape(s, strlen(s));

	fputs(text, out);
}
