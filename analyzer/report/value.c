/* SPDX-License-Identifier: MIT */
/*
 * Scalars, enumerations, bit fields, arrays of characters.
 */
#include "report/value.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "report/pointee.h"

#define HEX_MOST 32 /* bytes printed of what is no text */

static char *format_hex(const uint8_t *bytes, uint64_t size)
{
	const uint64_t nr = size < HEX_MOST ? size : HEX_MOST;
	char *text = xmalloc(nr * 3 + sizeof(" ..."));
	char *to = text;

	*to = '\0';
	for (uint64_t i = 0; i < nr; i++)
		to += sprintf(to, "%s%02x", i ? " " : "", bytes[i]);
	if (nr < size)
		strcpy(to, " ...");
	return text;
}

static bool is_text(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len;) {
		const char *c = (const char *)bytes + i;
		const size_t n = text_utf8_len(c, len - i);

		if (!n || (!text_is_printable(text_decode(c, n)) && !strchr("\n\t\r", *c)))
			return false;
		i += n;
	}
	return true;
}

/* Signed characters are a text, whatever is in them; others may be any bytes. */
static char *format_characters(const struct ctype *element, const uint8_t *bytes, uint64_t size,
			       size_t text_max)
{
	const size_t len = strnlen((const char *)bytes, size);

	if (!(element->flags & CTYPE_SIGNED) && !(len && is_text(bytes, len)))
		return format_hex(bytes, size);
	return pointee_quote((const char *)bytes, len, text_max);
}

/* Up to 8 bytes, of a bit field its bits. */
static uint64_t load_bits(const struct field *f, const uint8_t *bytes)
{
	unsigned __int128 word = 0;

	memcpy(&word, bytes, f->size < sizeof(word) ? f->size : sizeof(word));
	word >>= f->bit_offset;
	return f->bit_size && f->bit_size < 64 ? (uint64_t)word & ((UINT64_C(1) << f->bit_size) - 1)
					       : (uint64_t)word;
}

static unsigned int nr_bits(const struct field *f)
{
	return f->bit_size ? f->bit_size : f->size * 8;
}

static int64_t sign_extend(uint64_t word, unsigned int bits)
{
	return bits && bits < 64 ? (int64_t)(word << (64 - bits)) >> (64 - bits) : (int64_t)word;
}

static char *format_integer(const struct field *f, uint64_t word)
{
	return f->type->flags & CTYPE_SIGNED ? xasprintf("%" PRId64, sign_extend(word, nr_bits(f)))
					     : xasprintf("%" PRIu64, word);
}

static char *format_character(const struct field *f, uint64_t word)
{
	_cleanup_free_ char *number = format_integer(f, word);

	return word >= ' ' && word < 0x7f ? xasprintf("%s '%c'", number, (char)word)
					  : xstrdup(number);
}

/* The shortest that reads back as the same number. */
static char *format_double(double value, int digits, bool is_float)
{
	for (;; digits++) {
		char *text = xasprintf("%.*g", digits, value);
		const double back = is_float ? (double)strtof(text, NULL) : strtod(text, NULL);

		if (back == value || value != value || digits >= 17)
			return text;
		free(text);
	}
}

static char *format_float(const struct field *f, const uint8_t *bytes)
{
	float single;
	double value;
	long double extended;

	if (strstr(f->type->name, "complex") || strstr(f->type->name, "128"))
		return format_hex(bytes, f->size);
	switch (f->size) {
	case sizeof(single):
		memcpy(&single, bytes, sizeof(single));
		return format_double((double)single, 6, true);
	case sizeof(value):
		memcpy(&value, bytes, sizeof(value));
		return format_double(value, 15, false);
	case sizeof(extended):
		memcpy(&extended, bytes, sizeof(extended));
		return xasprintf("%.21Lg", extended);
	default:
		return format_hex(bytes, f->size);
	}
}

static bool has_value(const struct field *f, int64_t value, uint64_t word)
{
	return value == (int64_t)word || value == sign_extend(word, nr_bits(f));
}

/* "READ|WRITE", where every bit has an enumerator of that bit alone; NULL: not so. */
static char *format_flags(const struct ctype *t, uint64_t word)
{
	char *text = xstrdup("");

	for (uint32_t i = 0; i < t->nr_enumerators; i++) {
		const uint64_t bit = t->enumerators[i].value;

		if (!bit || bit & (bit - 1) || !(word & bit))
			continue;

		_cleanup_free_ char *before = text;

		text = xasprintf("%s%s%s", before, *before ? "|" : "", t->enumerators[i].name);
		word &= ~bit;
	}
	if (!word && *text)
		return text;
	free(text);
	return NULL;
}

static char *format_enum(struct native *n, const struct field *f, uint64_t word)
{
	const struct ctype *t = ctype_complete(n, f->type);
	char *flags;

	for (uint32_t i = 0; i < t->nr_enumerators; i++)
		if (has_value(f, t->enumerators[i].value, word))
			return xasprintf("%s (%" PRId64 ")", t->enumerators[i].name,
					 t->enumerators[i].value);
	flags = format_flags(t, word);
	return flags ? flags : xasprintf("%" PRIu64, word);
}

char *value_format(struct native *n, const struct field *f, const uint8_t *bytes, size_t text_max)
{
	const uint64_t word = load_bits(f, bytes);

	if (f->type->kind == CTYPE_ARRAY)
		return format_characters(f->type->target, bytes, f->size, text_max);
	if (f->size > 8 && f->type->kind != CTYPE_FLOAT && !f->bit_size)
		return format_hex(bytes, f->size);
	switch (f->type->kind) {
	case CTYPE_BOOL:
		return word > 1 ? xasprintf("%" PRIu64, word) : xstrdup(word ? "true" : "false");
	case CTYPE_CHAR:
		return format_character(f, word);
	case CTYPE_INTEGER:
		return format_integer(f, word);
	case CTYPE_FLOAT:
		return format_float(f, bytes);
	case CTYPE_ENUM:
		return format_enum(n, f, word);
	case CTYPE_POINTER:
	case CTYPE_REFERENCE:
	case CTYPE_MEMBER_POINTER:
	case CTYPE_FUNCTION:
		return word ? xasprintf("0x%" PRIx64, word) : xstrdup("NULL");
	case CTYPE_VOID:
	case CTYPE_STRUCT:
	case CTYPE_UNION:
	case CTYPE_ARRAY:
		return format_hex(bytes, f->size);
	}
	BUG("type kind %d", f->type->kind);
}
