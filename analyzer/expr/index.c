/* SPDX-License-Identifier: MIT */
/*
 * Rows of sets and items of lists: x[0], x[-1], x[2:5], x['Request'].
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "expr/eval.h"
#include "typing/cpython/value.h"
#include "typing/subclass.h"

/* How many rows or items it has; -1 where it cannot be indexed. */
static int64_t nr_items(struct value *v)
{
	switch (v->kind) {
	case VALUE_SET:
		return value_set_partition(v)->nr_rows;
	case VALUE_OBJECTS:
		return v->objects.nr;
	case VALUE_LIST:
		return (int64_t)v->list.nr;
	case VALUE_NONE:
	case VALUE_NUMBER:
	case VALUE_TEXT:
	case VALUE_OBJECT:
	case VALUE_PYTHON:
	case VALUE_LIVE:
		break;
	}
	return -1;
}

static struct value *rows(struct value *set, uint32_t first, uint32_t end)
{
	return value_create_set(
		set->source, partition_rows_set(value_set_partition(set), first, end), set->set.by);
}

static struct value *get_item(struct value *v, int64_t i)
{
	if (v->kind == VALUE_SET)
		return rows(v, (uint32_t)i, (uint32_t)i + 1);
	if (v->kind == VALUE_OBJECTS)
		return value_create_object(v->source, v->objects.ids[i]);
	return value_ref(v->list.items[i]);
}

static struct value *get_slice(struct value *v, int64_t first, int64_t end)
{
	const size_t nr = (size_t)(end - first);
	struct value *list;

	if (v->kind == VALUE_SET)
		return rows(v, (uint32_t)first, (uint32_t)end);
	if (v->kind == VALUE_OBJECTS) {
		node_id *ids = xcalloc(nr + 1, sizeof(*ids));

		for (size_t i = 0; i < nr; i++)
			ids[i] = v->objects.ids[(size_t)first + i];
		return value_create_objects(v->source, ids, (uint32_t)nr);
	}
	list = value_create(VALUE_LIST);
	for (int64_t i = first; i < end; i++)
		value_list_add(list, value_ref(v->list.items[i]));
	return list;
}

/* Is it the name of one of the types?  types NULL: is it the name itself? */
static bool row_matches(const struct heap *h, const char *row, const char *name, const bool *types)
{
	if (!types)
		return !strcmp(row, name);
	if (!class_name_matches(row, name))
		return false;
	for (uint32_t i = 0; i < h->nr_types; i++)
		if (types[i] && !strcmp(row, h->types[i].name))
			return true;
	return false;
}

/* The rows whose name matches, as one set: two kinds may share a name.  NULL: none. */
static struct nodeset *rows_named(const struct partition *p, const char *name, const bool *types)
{
	struct nodeset *found = NULL;

	for (uint32_t i = 0; i < p->nr_rows; i++) {
		struct nodeset *row, *before = found;

		if (!row_matches(p->heap, partition_row_name(p, i), name, types))
			continue;
		row = partition_rows_set(p, i, i + 1);
		found = before ? nodeset_or(p->heap, before, row) : nodeset_ref(row);
		nodeset_unref(row);
		nodeset_unref(before);
	}
	return found;
}

/* The rows of that name, else of classes whose short name it is. */
static struct error *get_by_name(struct expr_env *env, const struct ast *ast, struct value *set,
				 const char *name, struct value **ret)
{
	const struct partition *p = value_set_partition(set);
	struct nodeset *found = rows_named(p, name, NULL);

	if (!found && !heap_lacks_blocks(p->heap)) {
		_cleanup_free_ bool *types = classes_named(p->heap, name);

		found = rows_named(p, name, types);
	}
	if (!found) {
		_cleanup_free_ char *escaped = text_escape(name, strlen(name));

		return eval_error(env, ast, "no row '%s' by %s", escaped, set->set.by->header);
	}
	*ret = value_create_set(set->source, found, set->set.by);
	return NULL;
}

/* value['key'], value[7] of a dict, value[0] of a list or tuple. */
static struct error *get_of_python(struct expr_env *env, const struct ast *ast, struct value *base,
				   const struct value *index, struct value **ret)
{
	const struct cpython *p = base->source->heap->cpython;
	const struct cpython_class *class = cpython_class_at(p, base->python);
	uint64_t item = 0;

	const bool is_dict = class && (class->shape == CPYTHON_SHAPE_DICT ||
				       class->shape == CPYTHON_SHAPE_ORDERED_DICT);

	if (index->kind == VALUE_TEXT && is_dict)
		item = cpython_dict_find(p, base->python, index->text);
	else if (index->kind == VALUE_NUMBER && is_dict)
		item = cpython_dict_find_number(p, base->python, index->number);
	else if (index->kind == VALUE_NUMBER &&
		 !cpython_item(p, base->python, index->number, &item))
		item = 0;
	if (!item)
		return eval_error(env, ast, "no such item");
	*ret = value_from_python(base->source, item);
	return NULL;
}

static struct error *index_item(struct expr_env *env, const struct ast *ast, struct value *base,
				struct value **ret)
{
	_cleanup_value_ struct value *index = NULL;
	struct error *error = eval(env, ast->kids[1], &index);
	const int64_t nr = nr_items(base);
	int64_t i;

	if (error)
		return error;
	if (base->kind == VALUE_PYTHON)
		return get_of_python(env, ast, base, index, ret);
	if (index->kind == VALUE_TEXT && base->kind == VALUE_SET)
		return get_by_name(env, ast, base, index->text, ret);
	if (index->kind != VALUE_NUMBER)
		return eval_error(env, ast, "an index is a number%s, not %s",
				  base->kind == VALUE_SET ? " or the name of a row" : "",
				  value_kind_name(index->kind));
	i = index->number < 0 ? index->number + nr : index->number;
	if (i < 0 || i >= nr)
		return eval_error(env, ast, "no %s %" PRId64 ": there %s %" PRId64,
				  base->kind == VALUE_SET ? "row" : "item", index->number,
				  nr == 1 ? "is" : "are", nr);
	*ret = get_item(base, i);
	return NULL;
}

/* Python's rule: a bound counts from the end where it is negative, and what is beyond an end is at
 * it. */
static struct error *eval_bound(struct expr_env *env, const struct ast *ast, int64_t nr,
				int64_t omitted, int64_t *ret)
{
	_cleanup_value_ struct value *v = NULL;
	struct error *error;

	*ret = omitted;
	if (ast->kind == AST_OMITTED)
		return NULL;
	error = eval(env, ast, &v);
	if (error)
		return error;
	if (v->kind != VALUE_NUMBER)
		return eval_error(env, ast, "a bound is a number, not %s",
				  value_kind_name(v->kind));
	*ret = v->number < 0 ? v->number + nr : v->number;
	*ret = *ret < 0 ? 0 : *ret > nr ? nr : *ret;
	return NULL;
}

static struct error *index_slice(struct expr_env *env, const struct ast *ast, struct value *base,
				 struct value **ret)
{
	const int64_t nr = nr_items(base);
	int64_t first, end;
	struct error *error = eval_bound(env, ast->kids[1], nr, 0, &first);

	if (!error)
		error = eval_bound(env, ast->kids[2], nr, nr, &end);
	if (!error)
		*ret = get_slice(base, first, end < first ? first : end);
	return error;
}

struct error *eval_index(struct expr_env *env, const struct ast *ast, struct value **ret)
{
	_cleanup_value_ struct value *base = NULL;
	struct error *error = eval(env, ast->kids[0], &base);

	if (error)
		return error;
	if (nr_items(base) < 0 && (base->kind != VALUE_PYTHON || ast->kind == AST_SLICE))
		return eval_error(env, ast, "%s has no rows", value_kind_name(base->kind));
	return ast->kind == AST_SLICE ? index_slice(env, ast, base, ret)
				      : index_item(env, ast, base, ret);
}
