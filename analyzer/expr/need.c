/* SPDX-License-Identifier: MIT */
/*
 * Programs that need no more than an outline.
 */
#include "expr/need.h"

#include <string.h>

#include "base/mem.h"
#include "expr/eval.h"
#include "expr/list.h"

struct named_need {
	const char *name;
	enum heap_need need;
};

#define NEED_ROW(name, function, need, summary) { #name, HEAP_NEED_##need },
static const struct named_need attributes[] = { SET_ATTRIBUTES(NEED_ROW)
							OBJECT_ATTRIBUTES(NEED_ROW) };
#undef NEED_ROW
#define NEED_ROW(name, need, summary) { #name, HEAP_NEED_##need },
static const struct named_need functions[] = { FUNCTIONS(NEED_ROW) };
#undef NEED_ROW

static enum heap_need most(enum heap_need a, enum heap_need b)
{
	return a > b ? a : b;
}

/* A name may stand in several tables, and which is meant depends on the value that it is asked of.
 */
static enum heap_need need_of_name(const struct named_need *table, size_t nr, const char *name,
				   enum heap_need need)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(table[i].name, name))
			need = most(need, table[i].need);
	return need;
}

static enum heap_need need_of_rule(const struct partition_rule *rule)
{
	return rule->keep == RULE_KEEP_NOTHING ? HEAP_NEED_WHOLE : HEAP_NEED_TYPES;
}

/* What is neither ours nor a rule is an attribute of the program's objects: in their bytes. */
static enum heap_need need_of_attribute(const char *name)
{
	const struct partition_rule *rule = partition_find_rule(name);
	bool is_ours = rule;

	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		is_ours |= !strcmp(attributes[i].name, name);
	return need_of_name(attributes, ARRAY_SIZE(attributes), name,
			    rule      ? need_of_rule(rule)
			    : is_ours ? HEAP_NEED_TYPES
				      : HEAP_NEED_BLOCKS);
}

static enum heap_need need_of(const struct ast *ast);

static enum heap_need need_of_kids(const struct ast *ast, size_t first)
{
	enum heap_need need = HEAP_NEED_TYPES;

	for (size_t i = first; i < ast->nr_kids; i++)
		need = most(need, need_of(ast->kids[i]));
	return need;
}

/* heap(), get_oldest('Request'), hpy().heap(), .by(type & size) */
static enum heap_need need_of_call(const struct ast *call)
{
	const struct ast *callee = call->kids[0];
	enum heap_need need = need_of_kids(call, 1);

	if (callee->kind == AST_NAME)
		return need_of_name(functions, ARRAY_SIZE(functions), callee->text, need);
	return most(need,
		    callee->kind == AST_ATTRIBUTE ? need_of(callee->kids[0]) : HEAP_NEED_WHOLE);
}

static enum heap_need need_of(const struct ast *ast)
{
	const struct partition_rule *rule;

	switch (ast->kind) {
	case AST_NAME:
		rule = partition_find_rule(ast->text);
		return rule ? need_of_rule(rule) : HEAP_NEED_TYPES;
	case AST_ATTRIBUTE:
		return most(need_of_attribute(ast->text), need_of(ast->kids[0]));
	case AST_CALL:
		return need_of_call(ast);
	case AST_IMPORT:
		return HEAP_NEED_BLOCKS;
	case AST_PROGRAM:
	case AST_ASSIGN:
	case AST_NUMBER:
	case AST_TEXT:
	case AST_LIST:
	case AST_INDEX:
	case AST_SLICE:
	case AST_OMITTED:
	case AST_NEGATIVE:
	case AST_AND:
	case AST_OR:
	case AST_MINUS:
	case AST_EACH:
	case AST_KEYWORD:
		break;
	}
	return need_of_kids(ast, 0);
}

enum heap_need expr_need(const char *program)
{
	struct ast *ast;
	struct error *error = parse_program(program, &ast);
	enum heap_need need;

	if (error) {
		error_destroy(error);
		return HEAP_NEED_WHOLE;
	}
	need = need_of(ast);
	ast_destroy(ast);
	return need;
}
