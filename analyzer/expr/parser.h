/* SPDX-License-Identifier: MIT */
/*
 * Inside the parser: one token of lookahead, and what the files of the grammar share.  Each parse_
 * function returns a tree that its caller owns, or an error and nothing.
 */
#ifndef EXPR_PARSER_H
#define EXPR_PARSER_H

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "expr/lex.h"
#include "expr/parse.h"

struct parser {
	struct lexer lexer;
	struct token token; /* the next one */
	uint32_t depth;	    /* of parse_ functions */
};

struct error *parser_advance(struct parser *p) __attribute__((warn_unused_result));
struct error *parse_expr(struct parser *p, struct ast **ret) __attribute__((warn_unused_result));

static inline void cleanup_ast(struct ast **ast)
{
	ast_destroy(*ast);
}

#define _cleanup_ast_ _cleanup_(cleanup_ast)

static inline struct ast *steal_ast(struct ast **ast)
{
	struct ast *stolen = *ast;

	*ast = NULL;
	return stolen;
}

static inline struct ast *ast_create(enum ast_kind kind, size_t at)
{
	struct ast *ast = xcalloc(1, sizeof(*ast));

	*ast = (struct ast){ .kind = kind, .depth = 1, .at = at };
	return ast;
}

static inline void add_kid(struct ast *ast, struct ast *kid)
{
	ast->kids = xrealloc(ast->kids, ast->nr_kids + 1, sizeof(*ast->kids));
	ast->kids[ast->nr_kids++] = kid;
	if (kid->depth >= ast->depth)
		ast->depth = kid->depth + 1;
}

static inline struct error *error_here(const struct parser *p, const char *what)
{
	return expr_error_at(p->lexer.source, p->token.at, "%s", what);
}

static inline char *take_text(struct parser *p)
{
	char *text = p->token.text;

	p->token.text = NULL;
	return text;
}

static inline bool next_is(const struct parser *p, char sign)
{
	return p->token.kind == TOKEN_SIGN && p->token.sign == sign;
}

static inline struct error *expect(struct parser *p, char sign, const char *what)
{
	return next_is(p, sign) ? parser_advance(p) : error_here(p, what);
}

static inline bool next_is_word(const struct parser *p, const char *word)
{
	return p->token.kind == TOKEN_NAME && !strcmp(p->token.text, word);
}

#endif
