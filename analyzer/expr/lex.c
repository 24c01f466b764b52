/* SPDX-License-Identifier: MIT */
/*
 * From text to tokens.
 */
#include "expr/lex.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"

/* The line that holds source[at], fit for a terminal: a character that is none becomes a blank, so
 * columns stay. */
static char *line_of(const char *source, size_t start)
{
	char *line = xstrndup(source + start, strcspn(source + start, "\n"));
	size_t len = strlen(line);

	for (char *s = line; len;) {
		const size_t n = text_utf8_len(s, len);

		if (!n || !text_is_printable(text_decode(s, n)))
			memset(s, ' ', n ? n : 1);
		s += n ? n : 1;
		len -= n ? n : 1;
	}
	return line;
}

static size_t column_of(const char *source, size_t start, size_t at)
{
	size_t column = 1;

	while (start < at) {
		const size_t n = text_utf8_len(source + start, at - start);

		start += n ? n : 1;
		column++;
	}
	return column;
}

struct error *expr_error_at(const char *source, size_t at, const char *format, ...)
{
	size_t start = at, line_number = 1, column;
	_cleanup_free_ char *line = NULL, *what = NULL, *place = NULL;
	va_list args;

	while (start && source[start - 1] != '\n')
		start--;
	for (size_t i = 0; i < start; i++)
		line_number += source[i] == '\n';
	column = column_of(source, start, at);
	line = line_of(source, start);
	va_start(args, format);
	if (vasprintf(&what, format, args) < 0)
		mem_exhausted();
	va_end(args);
	place = line_number > 1 ? xasprintf("line %zu: column %zu", line_number, column)
				: xasprintf("column %zu", column);
	return error_create_usage("expression: %s: %s\n  %s\n  %*s", place, what, line, (int)column,
				  "^");
}

static bool is_name_start(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static struct error *lex_number(struct lexer *l, struct token *ret)
{
	const char *s = l->source + l->at;
	int64_t number = 0;
	size_t len = 0;

	for (; isdigit((unsigned char)s[len]); len++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, s[len] - '0', &number))
			return expr_error_at(l->source, l->at, "the number is too large");
	if (is_name_start(s[len]))
		return expr_error_at(l->source, l->at + len, "'%c' in a number", s[len]);
	l->at += len;
	ret->kind = TOKEN_NUMBER;
	ret->number = number;
	return NULL;
}

/* What follows a backslash; returns how many characters it took, 0 where it means nothing. */
static size_t lex_escape(const char *s, char *ret)
{
	static const char from[] = "ntr\\'\"", to[] = "\n\t\r\\'\"";
	const char *simple = *s ? strchr(from, *s) : NULL;
	unsigned int byte;

	if (simple) {
		*ret = to[simple - from];
		return 1;
	}
	if (s[0] != 'x' || !isxdigit((unsigned char)s[1]) || !isxdigit((unsigned char)s[2]))
		return 0;
	sscanf(s + 1, "%2x", &byte);
	*ret = (char)byte;
	return byte ? 3 : 0;
}

static struct error *lex_text(struct lexer *l, struct token *ret)
{
	const char quote = l->source[l->at];
	const size_t start = l->at++;
	_cleanup_free_ char *text = xmalloc(strlen(l->source + start));
	size_t len = 0;

	while (l->source[l->at] != quote) {
		const char c = l->source[l->at];

		if (!c || c == '\n')
			return expr_error_at(l->source, start, "the text has no closing %c", quote);
		text[len++] = c;
		l->at++;
		if (c == '\\') {
			const size_t took = lex_escape(l->source + l->at, &text[len - 1]);

			if (!took)
				return expr_error_at(
					l->source, l->at - 1,
					"no such escape: \\n \\t \\r \\\\ \\' \\\" \\xNN");
			l->at += took;
		}
	}
	l->at++;
	ret->kind = TOKEN_TEXT;
	ret->text = xstrndup(text, len);
	return NULL;
}

/* Sessions are copied with what Python prints at the beginning of a line. */
static void skip_prompt(struct lexer *l)
{
	if (!strncmp(l->source + l->at, ">>>", 3))
		l->at += 3;
}

struct error *lex_next(struct lexer *l, struct token *ret)
{
	const char *s = l->source;
	char c;

	if (!l->at || s[l->at - 1] == '\n')
		skip_prompt(l);
	while (s[l->at] == ' ' || s[l->at] == '\t' || s[l->at] == '\r')
		l->at++;
	c = s[l->at];
	*ret = (struct token){ .kind = TOKEN_END, .at = l->at };
	if (!c)
		return NULL;
	if (is_name_start(c)) {
		size_t len = 1;

		while (is_name_start(s[l->at + len]) || isdigit((unsigned char)s[l->at + len]))
			len++;
		ret->kind = TOKEN_NAME;
		ret->text = xstrndup(s + l->at, len);
		l->at += len;
		return NULL;
	}
	if (isdigit((unsigned char)c))
		return lex_number(l, ret);
	if (c == '\'' || c == '"')
		return lex_text(l, ret);
	if (!strchr(".[]():,&|-=;\n", c))
		return expr_error_at(s, l->at, "this character means nothing here");
	ret->kind = TOKEN_SIGN;
	ret->sign = c == '\n' ? ';' : c;
	l->at++;
	return NULL;
}
