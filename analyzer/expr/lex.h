/* SPDX-License-Identifier: MIT */
/*
 * Tokens of the expression language, and errors that point into its text.  docs/expressions.md is
 * the language's reference.
 */
#ifndef EXPR_LEX_H
#define EXPR_LEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum token_kind {
	TOKEN_END,
	TOKEN_NAME,   /* text */
	TOKEN_NUMBER, /* number */
	TOKEN_TEXT,   /* text: what the quotes mean */
	TOKEN_SIGN,   /* sign: one of . [ ] ( ) : , & | - = ; a line's end counts as ; */
};

struct token {
	enum token_kind kind;
	size_t at; /* byte offset in the source */
	char sign;
	int64_t number;
	char *text; /* of names and texts; the taker frees it */
};

struct lexer {
	const char *source;
	size_t at;
};

struct error *lex_next(struct lexer *lexer, struct token *ret) __attribute__((warn_unused_result));

/* "expression: column 12: ..." with the line and a caret under the place.  Usage errors: what is
 * wrong is what was typed. */
struct error *expr_error_at(const char *source, size_t at, const char *format, ...)
	__attribute__((format(printf, 3, 4), warn_unused_result));

#endif
