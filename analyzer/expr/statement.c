/* SPDX-License-Identifier: MIT */
/*
 * Statements: imports as Python's sessions begin with, assignments, expressions.
 */
#include "expr/parser.h"

#include <stdlib.h>

/* a.b.c as one text, which the caller owns. */
static struct error *parse_dotted(struct parser *p, char **ret)
{
	_cleanup_free_ char *name = NULL;

	for (;;) {
		_cleanup_free_ char *before = name;
		struct error *error;

		if (p->token.kind != TOKEN_NAME) {
			name = NULL;
			return error_here(p, "expected a name");
		}
		name = before ? xasprintf("%s.%s", before, p->token.text) : xstrdup(p->token.text);
		error = parser_advance(p);
		if (!error && next_is(p, '.'))
			error = parser_advance(p);
		else if (!error)
			break;
		if (error)
			return error;
	}
	*ret = name;
	name = NULL;
	return NULL;
}

/* from MODULE import NAME, NAME */
static struct error *parse_from(struct parser *p, struct ast *import)
{
	struct error *error = parser_advance(p);

	if (!error)
		error = parse_dotted(p, &import->text);
	if (!error && !next_is_word(p, "import"))
		error = error_here(p, "expected import");
	do {
		struct ast *name;

		if (!error)
			error = parser_advance(p);
		if (error)
			return error;
		if (p->token.kind != TOKEN_NAME)
			return error_here(p, "expected a name after import");
		name = ast_create(AST_NAME, p->token.at);
		name->text = take_text(p);
		add_kid(import, name);
		error = parser_advance(p);
	} while (!error && next_is(p, ','));
	return error;
}

static struct error *parse_import(struct parser *p, struct ast *program)
{
	struct ast *import = ast_create(AST_IMPORT, p->token.at);
	struct error *error;

	add_kid(program, import);
	if (next_is_word(p, "from"))
		return parse_from(p, import);
	error = parser_advance(p);
	return error ? error : parse_dotted(p, &import->text);
}

static struct error *parse_statement(struct parser *p, struct ast *program)
{
	struct ast *statement, *value;
	struct error *error;

	if (next_is_word(p, "from") || next_is_word(p, "import"))
		return parse_import(p, program);
	error = parse_expr(p, &statement);
	if (error)
		return error;
	add_kid(program, statement);
	if (!next_is(p, '='))
		return NULL;
	if (statement->kind != AST_NAME)
		return error_here(p, "only a name can be assigned to");
	statement->kind = AST_ASSIGN;
	error = parser_advance(p);
	if (!error)
		error = parse_expr(p, &value);
	if (!error)
		add_kid(statement, value);
	return error;
}

struct error *parse_program(const char *source, struct ast **ret)
{
	struct parser p = { .lexer = { .source = source } };
	_cleanup_ast_ struct ast *program = ast_create(AST_PROGRAM, 0);
	struct error *error = parser_advance(&p);

	while (!error && p.token.kind != TOKEN_END) {
		if (!next_is(&p, ';'))
			error = parse_statement(&p, program);
		if (!error && p.token.kind != TOKEN_END)
			error = expect(&p, ';', "expected an operator, ; or the end");
	}
	if (!error && !program->nr_kids)
		error = expr_error_at(source, 0, "the expression is empty");
	free(p.token.text);
	if (!error)
		*ret = steal_ast(&program);
	return error;
}
