/* SPDX-License-Identifier: MIT */
/*
 * The syntax tree of a program in the expression language.
 *
 *   program   = [statement] { ";" [statement] }
 *   statement = NAME "=" expr | expr | "import" dotted | "from" dotted "import" NAME {"," NAME}
 *   dotted    = NAME {"." NAME}
 *   expr      = and { "|" and }
 *   and       = minus { "&" minus }
 *   minus     = unary { "-" unary }
 *   unary     = "-" unary | postfix
 *   postfix   = primary { "." NAME | "[" index "]" | "(" [argument { "," argument }] ")" }
 *   index     = expr | [expr] ":" [expr]
 *   argument  = NAME "=" expr | expr
 *   primary   = NAME | NUMBER | TEXT | "(" expr ")" | list
 *   list      = "(" [expr "," {expr ","} [expr]] ")" | "[" {expr ","} [expr] "]"
 *             | "[" expr "for" NAME "in" expr "]"
 */
#ifndef EXPR_PARSE_H
#define EXPR_PARSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define AST_DEPTH_MAX 200 /* trees are walked recursively */

enum ast_kind {
	AST_PROGRAM,   /* kids: statements */
	AST_ASSIGN,    /* text = kid 0 */
	AST_IMPORT,    /* module text; kids: the names, none where the module itself is meant */
	AST_NAME,      /* text */
	AST_NUMBER,    /* number */
	AST_TEXT,      /* text */
	AST_LIST,      /* kids */
	AST_EACH,      /* [kid 0 for text in kid 1] */
	AST_ATTRIBUTE, /* kid 0 . text */
	AST_INDEX,     /* kid 0 [ kid 1 ] */
	AST_SLICE,     /* kid 0 [ kid 1 : kid 2 ]; a bound that is left out is an AST_OMITTED */
	AST_OMITTED,
	AST_CALL,     /* kid 0 ( kids 1 .. ) */
	AST_KEYWORD,  /* text = kid 0, as an argument */
	AST_NEGATIVE, /* - kid 0 */
	AST_AND,
	AST_OR,
	AST_MINUS,
};

struct ast {
	enum ast_kind kind;
	uint32_t depth; /* 1 + the deepest kid's */
	size_t at;	/* where errors about it point */
	char *text;
	int64_t number;
	struct ast **kids;
	size_t nr_kids;
};

/* The caller destroys the program. */
struct error *parse_program(const char *source, struct ast **ret)
	__attribute__((warn_unused_result));
void ast_destroy(struct ast *ast); /* NULL is fine */

#endif
