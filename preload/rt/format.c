/* SPDX-License-Identifier: MIT */
/*
 * The small snprintf of rt/format.h: a cursor over the caller's buffer, one function a conversion.
 */
#include "rt/format.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "rt/ban.h"

struct out {
	char *at, *end; /* end: where the zero goes at the latest */
};

/* One conversion's flags, width, precision and length. */
struct spec {
	bool left, zeroes, wide; /* wide: 64 bits */
	size_t width;
	size_t precision; /* SIZE_MAX: none */
};

static void put(struct out *o, char c)
{
	if (o->at < o->end)
		*o->at++ = c;
}

static void put_padded(struct out *o, const struct spec *s, const char *text, size_t len)
{
	const size_t pad = s->width > len ? s->width - len : 0;

	for (size_t i = 0; i < pad && !s->left; i++)
		put(o, ' ');
	for (size_t i = 0; i < len; i++)
		put(o, text[i]);
	for (size_t i = 0; i < pad && s->left; i++)
		put(o, ' ');
}

static void put_number(struct out *o, const struct spec *s, uint64_t value, unsigned int base,
		       const char *prefix)
{
	const size_t prefix_len = strlen(prefix);
	char digits[32];
	size_t len = 0;

	do {
		digits[sizeof(digits) - ++len] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (s->zeroes && !s->left && len + prefix_len < s->width && len < sizeof(digits) - 4)
		digits[sizeof(digits) - ++len] = '0';
	for (size_t i = prefix_len; i-- > 0;)
		digits[sizeof(digits) - ++len] = prefix[i];
	put_padded(o, s, digits + sizeof(digits) - len, len);
}

static size_t parse_count(const char **f)
{
	size_t n = 0;

	while (**f >= '0' && **f <= '9')
		n = n * 10 + (size_t)(*(*f)++ - '0');
	return n;
}

/* From behind the '%' to the conversion letter. */
static struct spec parse_spec(const char **f, int star)
{
	struct spec s = { .precision = SIZE_MAX };

	for (; **f == '-' || **f == '0'; (*f)++) {
		s.left |= **f == '-';
		s.zeroes |= **f == '0';
	}
	s.width = parse_count(f);
	if (**f == '.') {
		(*f)++;
		if (**f == '*') {
			(*f)++;
			s.precision = star < 0 ? 0 : (size_t)star;
		} else {
			s.precision = parse_count(f);
		}
	}
	for (; **f == 'l' || **f == 'z'; (*f)++)
		s.wide = true;
	return s;
}

/* Does the conversion that starts here take its precision from an argument? */
static bool has_star(const char *f)
{
	while (*f && strchr("-0123456789.", *f))
		f++;
	return *f == '*';
}

static void put_signed(struct out *o, const struct spec *s, int64_t value)
{
	put_number(o, s, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0 ? "-" : "");
}

static void put_text(struct out *o, const struct spec *s, const char *text)
{
	if (!text)
		text = "(null)";
	put_padded(o, s, text, strnlen(text, s->precision));
}

size_t format_va(char *buf, size_t size, const char *f, va_list args)
{
	struct out o = { buf, buf + size - 1 };

	for (; *f; f++) {
		const char *start = f;
		struct spec s;

		if (*f != '%') {
			put(&o, *f);
			continue;
		}
		f++;
		s = parse_spec(&f, has_star(f) ? va_arg(args, int) : 0);
		switch (*f) {
		case 's':
			put_text(&o, &s, va_arg(args, const char *));
			break;
		case 'c':
			put_padded(&o, &s, (char[]){ (char)va_arg(args, int) }, 1);
			break;
		case 'd':
		case 'i':
			put_signed(&o, &s, s.wide ? va_arg(args, long) : va_arg(args, int));
			break;
		case 'u':
			put_number(&o, &s,
				   s.wide ? va_arg(args, unsigned long)
					  : va_arg(args, unsigned int),
				   10, "");
			break;
		case 'x':
			put_number(&o, &s,
				   s.wide ? va_arg(args, unsigned long)
					  : va_arg(args, unsigned int),
				   16, "");
			break;
		case 'p':
			put_number(&o, &s, (uint64_t)va_arg(args, void *), 16, "0x");
			break;
		case '%':
			put(&o, '%');
			break;
		default: /* not ours: as it stands */
			for (; start < f; start++)
				put(&o, *start);
			if (!*f)
				f--;
			else
				put(&o, *f);
			break;
		}
	}
	*o.at = '\0';
	return (size_t)(o.at - buf);
}

size_t format_text(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	size_t len;

	va_start(args, format);
	len = format_va(buf, size, format, args);
	va_end(args);
	return len;
}
