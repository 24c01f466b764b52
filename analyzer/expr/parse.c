/* SPDX-License-Identifier: MIT */
/*
 * A recursive descent parser with one token of lookahead.  Each parse_ function returns a tree that
 * its caller owns, or an error and nothing.
 */
#include "expr/parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "expr/parser.h"

void ast_destroy(struct ast *ast)
{
	if (!ast)
		return;
	for (size_t i = 0; i < ast->nr_kids; i++)
		ast_destroy(ast->kids[i]);
	free(ast->kids);
	free(ast->text);
	free(ast);
}

struct error *parser_advance(struct parser *p)
{
	free(p->token.text);
	p->token = (struct token){ .kind = TOKEN_END, .at = p->token.at };
	return lex_next(&p->lexer, &p->token);
}

/* items until the closing sign, which is taken. */
static struct error *parse_items(struct parser *p, struct ast *list, char closing)
{
	struct error *error = NULL;

	while (!error && !next_is(p, closing)) {
		struct ast *item;

		error = parse_expr(p, &item);
		if (error)
			return error;
		add_kid(list, item);
		if (!next_is(p, ','))
			break;
		error = parser_advance(p);
	}
	return error ? error
		     : expect(p, closing, closing == ')' ? "expected , or )" : "expected , or ]");
}

static struct error *parse_parenthesis(struct parser *p, struct ast **ret)
{
	_cleanup_ast_ struct ast *first = NULL, *list = ast_create(AST_LIST, p->token.at);
	struct error *error = parser_advance(p);

	if (!error && !next_is(p, ')'))
		error = parse_expr(p, &first);
	if (error)
		return error;
	if (first && next_is(p, ')')) {
		*ret = steal_ast(&first);
		return parser_advance(p);
	}
	if (first) {
		add_kid(list, steal_ast(&first));
		error = expect(p, ',', "expected , or )");
	}
	if (!error)
		error = parse_items(p, list, ')');
	if (!error)
		*ret = steal_ast(&list);
	return error;
}

/* `body for name in items ]`, from `for` on; the body becomes a kid. */
static struct error *parse_each(struct parser *p, struct ast **body, struct ast **ret)
{
	_cleanup_ast_ struct ast *each = ast_create(AST_EACH, (*body)->at);
	struct ast *items;
	struct error *error = parser_advance(p);

	add_kid(each, steal_ast(body));
	if (!error && p->token.kind != TOKEN_NAME)
		error = error_here(p, "expected a name after for");
	if (!error) {
		each->text = take_text(p);
		error = parser_advance(p);
	}
	if (!error && !next_is_word(p, "in"))
		error = error_here(p, "expected in");
	if (!error)
		error = parser_advance(p);
	if (!error)
		error = parse_expr(p, &items);
	if (error)
		return error;
	add_kid(each, items);
	*ret = steal_ast(&each);
	return expect(p, ']', "expected ]");
}

static struct error *parse_bracket(struct parser *p, struct ast **ret)
{
	_cleanup_ast_ struct ast *first = NULL, *list = ast_create(AST_LIST, p->token.at);
	struct error *error = parser_advance(p);

	if (!error && !next_is(p, ']'))
		error = parse_expr(p, &first);
	if (error)
		return error;
	if (first && next_is_word(p, "for"))
		return parse_each(p, &first, ret);
	if (first) {
		add_kid(list, steal_ast(&first));
		if (!next_is(p, ']'))
			error = expect(p, ',', "expected , or ]");
	}
	if (!error)
		error = parse_items(p, list, ']');
	if (!error)
		*ret = steal_ast(&list);
	return error;
}

static struct error *parse_primary(struct parser *p, struct ast **ret)
{
	static const enum ast_kind kinds[] = {
		[TOKEN_NAME] = AST_NAME, [TOKEN_NUMBER] = AST_NUMBER, [TOKEN_TEXT] = AST_TEXT
	};
	struct error *error;
	struct ast *ast;

	if (p->token.kind == TOKEN_END)
		return error_here(p, "the expression ends too early");
	if (next_is(p, '('))
		return parse_parenthesis(p, ret);
	if (next_is(p, '['))
		return parse_bracket(p, ret);
	if (p->token.kind == TOKEN_SIGN)
		return error_here(p, "expected a name, a number, a text or (");
	ast = ast_create(kinds[p->token.kind], p->token.at);
	ast->text = take_text(p);
	ast->number = p->token.number;
	error = parser_advance(p);
	if (error)
		ast_destroy(ast);
	else
		*ret = ast;
	return error;
}

/* Wraps *base, which it takes over and replaces. */
static struct ast *wrap(struct ast **base, enum ast_kind kind, size_t at)
{
	struct ast *ast = ast_create(kind, at);

	add_kid(ast, *base);
	*base = ast;
	return ast;
}

static struct error *parse_attribute(struct parser *p, struct ast **base)
{
	struct error *error = parser_advance(p);
	struct ast *ast;

	if (error)
		return error;
	if (p->token.kind != TOKEN_NAME)
		return error_here(p, "expected a name after .");
	ast = wrap(base, AST_ATTRIBUTE, p->token.at);
	ast->text = take_text(p);
	return parser_advance(p);
}

/* A bound of a slice, or nothing before the sign that ends it. */
static struct error *parse_bound(struct parser *p, char end, struct ast **ret)
{
	if (!next_is(p, end))
		return parse_expr(p, ret);
	*ret = ast_create(AST_OMITTED, p->token.at);
	return NULL;
}

static struct error *parse_index(struct parser *p, struct ast **base)
{
	struct ast *ast = wrap(base, AST_INDEX, p->token.at), *bound;
	struct error *error = parser_advance(p);

	if (!error)
		error = parse_bound(p, ':', &bound);
	if (error)
		return error;
	ast->at = bound->at;
	add_kid(ast, bound);
	if (next_is(p, ':')) {
		ast->kind = AST_SLICE;
		error = parser_advance(p);
		if (!error)
			error = parse_bound(p, ']', &bound);
		if (error)
			return error;
		add_kid(ast, bound);
	}
	return expect(p, ']', ast->kind == AST_SLICE ? "expected ]" : "expected : or ]");
}

/* An argument is an expression; NAME = makes it a keyword. */
static struct error *parse_argument(struct parser *p, struct ast *call)
{
	struct ast *argument, *value;
	struct error *error = parse_expr(p, &argument);

	if (error)
		return error;
	add_kid(call, argument);
	if (argument->kind != AST_NAME || !next_is(p, '='))
		return NULL;
	argument->kind = AST_KEYWORD;
	error = parser_advance(p);
	if (!error)
		error = parse_expr(p, &value);
	if (error)
		return error;
	add_kid(argument, value);
	if (argument->depth >= call->depth)
		call->depth = argument->depth + 1;
	return NULL;
}

static struct error *parse_call(struct parser *p, struct ast **base)
{
	struct ast *call = wrap(base, AST_CALL, p->token.at);
	struct error *error = parser_advance(p);

	call->at = call->kids[0]->at;
	while (!error && !next_is(p, ')')) {
		error = parse_argument(p, call);
		if (error || !next_is(p, ','))
			break;
		error = parser_advance(p);
	}
	return error ? error : expect(p, ')', "expected , or )");
}

static struct error *parse_postfix(struct parser *p, struct ast **ret)
{
	_cleanup_ast_ struct ast *ast = NULL;
	struct error *error = parse_primary(p, &ast);

	while (!error) {
		if (next_is(p, '.'))
			error = parse_attribute(p, &ast);
		else if (next_is(p, '['))
			error = parse_index(p, &ast);
		else if (next_is(p, '('))
			error = parse_call(p, &ast);
		else
			break;
		if (!error && ast->depth > AST_DEPTH_MAX)
			error = error_here(p, "the expression is nested too deeply");
	}
	if (!error)
		*ret = steal_ast(&ast);
	return error;
}

static struct error *parse_unary(struct parser *p, struct ast **ret)
{
	struct ast *ast;
	struct error *error;
	const size_t at = p->token.at;

	if (!next_is(p, '-'))
		return parse_postfix(p, ret);
	if (++p->depth > AST_DEPTH_MAX)
		return error_here(p, "the expression is nested too deeply");
	error = parser_advance(p);
	if (!error)
		error = parse_unary(p, &ast);
	p->depth--;
	if (error)
		return error;
	wrap(&ast, AST_NEGATIVE, at);
	*ret = ast;
	return NULL;
}

/* Left-associative operators of one level; the levels bind from loose to tight. */
static const struct {
	char sign;
	enum ast_kind kind;
} levels[] = { { '|', AST_OR }, { '&', AST_AND }, { '-', AST_MINUS } };

static struct error *parse_level(struct parser *p, size_t level, struct ast **ret)
{
	_cleanup_ast_ struct ast *ast = NULL;
	struct ast *right;
	struct error *error;

	if (level == ARRAY_SIZE(levels))
		return parse_unary(p, ret);
	error = parse_level(p, level + 1, &ast);
	while (!error && next_is(p, levels[level].sign)) {
		wrap(&ast, levels[level].kind, p->token.at);
		error = parser_advance(p);
		if (!error)
			error = parse_level(p, level + 1, &right);
		if (error)
			break;
		add_kid(ast, right);
		if (ast->depth > AST_DEPTH_MAX)
			error = error_here(p, "the expression is nested too deeply");
	}
	if (!error)
		*ret = steal_ast(&ast);
	return error;
}

struct error *parse_expr(struct parser *p, struct ast **ret)
{
	struct error *error;

	if (++p->depth > AST_DEPTH_MAX)
		return error_here(p, "the expression is nested too deeply");
	error = parse_level(p, 0, ret);
	p->depth--;
	return error;
}
