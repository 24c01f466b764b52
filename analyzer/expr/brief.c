/* SPDX-License-Identifier: MIT */
/*
 * Programs that need no more than an outline: whatever is not known to be enough is not.
 */
#include "expr/brief.h"

#include <string.h>

#include "base/mem.h"
#include "expr/eval.h"
#include "expr/list.h"

static const struct {
	const char *name;
	bool is_brief;
} attributes[] = {
#define ATTRIBUTE_ROW(name, function, is_brief, summary) { #name, is_brief },
	SET_ATTRIBUTES(ATTRIBUTE_ROW)
#undef ATTRIBUTE_ROW
};

static bool is_kept_rule(const char *name)
{
	const struct partition_rule *rule = partition_find_rule(name);

	return rule && rule->keep != RULE_KEEP_NOTHING;
}

static bool is_brief_attribute(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		if (!strcmp(attributes[i].name, name))
			return attributes[i].is_brief;
	return is_kept_rule(name);
}

/* by(type & size): names of rules only. */
static bool are_kept_rules(const struct ast *ast)
{
	if (ast->kind == AST_AND)
		return are_kept_rules(ast->kids[0]) && are_kept_rules(ast->kids[1]);
	return ast->kind == AST_NAME && is_kept_rule(ast->text);
}

static bool is_brief(const struct ast *ast);

/* heap(), hpy().heap(), .by(...) */
static bool is_brief_call(const struct ast *call)
{
	const struct ast *callee = call->kids[0];

	if (callee->kind == AST_NAME)
		return !strcmp(callee->text, "heap") || !strcmp(callee->text, "hpy");
	if (callee->kind != AST_ATTRIBUTE || !is_brief(callee->kids[0]))
		return false;
	if (!strcmp(callee->text, "by"))
		return call->nr_kids == 2 && are_kept_rules(call->kids[1]);
	return !strcmp(callee->text, "heap");
}

static bool are_brief(const struct ast *ast)
{
	for (size_t i = 0; i < ast->nr_kids; i++)
		if (!is_brief(ast->kids[i]))
			return false;
	return true;
}

static bool is_brief(const struct ast *ast)
{
	switch (ast->kind) {
	case AST_NAME:
		return !partition_find_rule(ast->text) || is_kept_rule(ast->text);
	case AST_ATTRIBUTE:
		return is_brief_attribute(ast->text) && is_brief(ast->kids[0]);
	case AST_CALL:
		return is_brief_call(ast);
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
		return are_brief(ast);
	case AST_IMPORT:
	case AST_EACH:
	case AST_KEYWORD:
		break;
	}
	return false;
}

bool expr_is_brief(const char *program)
{
	struct ast *ast;
	struct error *error = parse_program(program, &ast);
	bool brief;

	if (error) {
		error_destroy(error);
		return false;
	}
	brief = is_brief(ast);
	ast_destroy(ast);
	return brief;
}
