/* SPDX-License-Identifier: MIT */
/*
 * What stands after a dot: attributes of sets (rules among them), of single objects, and of lists
 * of objects, where they give a list.
 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "expr/eval.h"
#include "expr/list.h"
#include "report/preview.h"
#include "typing/cpython/value.h"

typedef struct error *attribute_fn(struct expr_env *env, const struct ast *ast, struct value *base,
				   struct value **ret);

struct attribute {
	const char *name;
	attribute_fn *get;
};

/* The same set, shown through another rule, from its first page. */
static struct error *see_by(struct expr_env *env, struct value *set,
			    const struct partition_rule *rule, struct value **ret)
{
	struct classifier *by;
	struct error *error = eval_rule(set->source, rule, &by);

	(void)env;
	if (!error)
		*ret = value_create_set(set->source, nodeset_ref(set->set.nodes), by);
	return error;
}

/* Referrers or referents of a set or object, seen by type. */
static struct error *neighbours(struct value *base,
				struct nodeset *(*step)(const struct heap *h,
							const struct nodeset *s),
				struct value **ret)
{
	_cleanup_(nodeset_cleanup) struct nodeset *nodes = value_nodes(base);
	struct error *error = heap_need_graph(base->source->heap);

	return error ? error : eval_new_set(base->source, step(base->source->heap, nodes), ret);
}

static struct error *any_referrers(struct expr_env *env, const struct ast *ast, struct value *base,
				   struct value **ret)
{
	(void)env;
	(void)ast;
	return neighbours(base, nodeset_referrers, ret);
}

static struct error *any_referents(struct expr_env *env, const struct ast *ast, struct value *base,
				   struct value **ret)
{
	(void)env;
	(void)ast;
	return neighbours(base, nodeset_referents, ret);
}

#define set_referrers	 any_referrers
#define set_referents	 any_referents
#define object_referrers any_referrers
#define object_referents any_referents

/* A view of the same rows: the partition is shared, so a table of millions of rows is worked out
 * once. */
static struct value *same_view(struct value *set)
{
	struct value *v = value_create_set(set->source, nodeset_ref(set->set.nodes), set->set.by);

	v->set.partition = partition_ref(value_set_partition(set));
	return v;
}

static struct error *set_all(struct expr_env *env, const struct ast *ast, struct value *base,
			     struct value **ret)
{
	(void)env;
	(void)ast;
	*ret = same_view(base);
	(*ret)->set.all = true;
	return NULL;
}

static struct error *set_more(struct expr_env *env, const struct ast *ast, struct value *base,
			      struct value **ret)
{
	(void)env;
	(void)ast;
	*ret = same_view(base);
	(*ret)->set.page = base->set.page + 1;
	return NULL;
}

static struct error *set_summary(struct expr_env *env, const struct ast *ast, struct value *base,
				 struct value **ret)
{
	(void)env;
	(void)ast;
	*ret = same_view(base);
	(*ret)->set.summary = true;
	(*ret)->set.all = base->set.all;
	return NULL;
}

static struct error *set_count(struct expr_env *env, const struct ast *ast, struct value *base,
			       struct value **ret)
{
	(void)env;
	(void)ast;
	*ret = value_create_number(base->set.nodes->nr);
	return NULL;
}

static struct error *set_size(struct expr_env *env, const struct ast *ast, struct value *base,
			      struct value **ret)
{
	(void)env;
	(void)ast;
	*ret = value_create_number((int64_t)base->set.nodes->size);
	return NULL;
}

static struct error *set_kind(struct expr_env *env, const struct ast *ast, struct value *base,
			      struct value **ret)
{
	const struct partition *p = value_set_partition(base);

	(void)env;
	(void)ast;
	*ret = value_create_text(xstrdup(p->nr_rows == 0   ? "<Nothing>"
					 : p->nr_rows == 1 ? partition_row_name(p, 0)
							   : "<mixed>"));
	return NULL;
}

static struct error *set_nodes(struct expr_env *env, const struct ast *ast, struct value *base,
			       struct value **ret)
{
	const struct nodeset *nodes = base->set.nodes;
	node_id *ids = xcalloc(nodes->nr + 1ul, sizeof(*ids));

	(void)env;
	(void)ast;
	memcpy(ids, nodes->ids, nodes->nr * sizeof(*ids));
	class_sort_by_age(base->source->heap, ids, nodes->nr);
	*ret = value_create_objects(base->source, ids, nodes->nr);
	return NULL;
}

static struct error *set_parts(struct expr_env *env, const struct ast *ast, struct value *base,
			       struct value **ret)
{
	const struct partition *p = value_set_partition(base);
	struct value *list = value_create(VALUE_LIST);

	(void)env;
	(void)ast;
	for (uint32_t i = 0; i < p->nr_rows; i++)
		value_list_add(list, value_create_set(base->source, partition_rows_set(p, i, i + 1),
						      base->set.by));
	*ret = list;
	return NULL;
}

static struct error *set_theone(struct expr_env *env, const struct ast *ast, struct value *base,
				struct value **ret)
{
	const struct nodeset *nodes = base->set.nodes;

	if (nodes->nr != 1)
		return eval_error(env, ast,
				  "theone needs a set of one object; this one has %" PRIu32,
				  nodes->nr);
	*ret = value_create_object(base->source, nodes->ids[0]);
	return NULL;
}

static struct error *object_address(struct expr_env *env, const struct ast *ast, struct value *base,
				    struct value **ret)
{
	(void)env;
	(void)ast;
	*ret = value_create_text(
		xasprintf("0x%" PRIx64, object_addr(base->source->heap, base->object)));
	return NULL;
}

static struct error *object_age(struct expr_env *env, const struct ast *ast, struct value *base,
				struct value **ret)
{
	(void)env;
	(void)ast;
	*ret = value_create_number(
		(int64_t)(object_age_ns(base->source->heap, base->object) / NS_PER_S));
	return NULL;
}

static struct error *object_label(struct expr_env *env, const struct ast *ast, struct value *base,
				  struct value **ret)
{
	const struct dump *d = base->source->heap->dump;
	const uint64_t addr = dump_blocks(d)->addr[base->object];
	size_t nr, low = 0, high;
	const struct hc_label *labels = dump_labels(d, &nr);

	(void)env;
	(void)ast;
	for (high = nr; low < high;) {
		const size_t middle = low + (high - low) / 2;

		if (labels[middle].addr < addr)
			low = middle + 1;
		else
			high = middle;
	}
	*ret = low < nr && labels[low].addr == addr
		       ? value_create_text(xstrdup(dump_get_string(d, labels[low].text).bytes))
		       : value_create(VALUE_NONE);
	return NULL;
}

static struct error *object_site(struct expr_env *env, const struct ast *ast, struct value *base,
				 struct value **ret)
{
	struct heap *h = base->source->heap;

	(void)env;
	(void)ast;
	*ret = value_create_text(xstrdup(heap_object_site(h, base->object)));
	return NULL;
}

static struct error *object_own_size(struct expr_env *env, const struct ast *ast,
				     struct value *base, struct value **ret)
{
	(void)env;
	(void)ast;
	*ret = value_create_number((int64_t)object_size(base->source->heap, base->object));
	return NULL;
}

static struct error *object_text(struct expr_env *env, const struct ast *ast, struct value *base,
				 struct value **ret)
{
	char *text = preview_first_text(base->source->heap, base->object);

	(void)env;
	(void)ast;
	*ret = text ? value_create_text(text) : value_create(VALUE_NONE);
	return NULL;
}

static struct error *object_type_name(struct expr_env *env, const struct ast *ast,
				      struct value *base, struct value **ret)
{
	(void)env;
	(void)ast;
	*ret = value_create_text(xstrdup(object_type(base->source->heap, base->object)->name));
	return NULL;
}

static const struct attribute set_attributes[] = {
#define SET_ROW(name, function, need, summary) { #name, set_##function },
	SET_ATTRIBUTES(SET_ROW)
#undef SET_ROW
		{ 0 },
};

static attribute_fn *find_attribute(const struct attribute *table, const char *name)
{
	for (; table->name; table++)
		if (!strcmp(table->name, name))
			return table->get;
	return NULL;
}

static struct error *unknown(struct expr_env *env, const struct ast *ast, const struct value *base)
{
	if (base->kind == VALUE_SET && !strcmp(ast->text, "by"))
		return eval_error(env, ast, "by needs rules: by(type & size)");
	return eval_error(env, ast, "%s has no attribute '%s'", value_kind_name(base->kind),
			  ast->text);
}

/* The first Python object of an object or value, or of a list of them; 0: none. */
static uint64_t first_python(const struct value *base)
{
	const struct heap *h = base->source ? base->source->heap : NULL;

	if (base->kind == VALUE_OBJECT)
		return object_addr(h, base->object);
	if (base->kind == VALUE_OBJECTS && base->objects.nr)
		return object_addr(h, base->objects.ids[0]);
	return base->kind == VALUE_PYTHON ? base->python : 0;
}

static struct error *unknown_of_python(struct expr_env *env, const struct ast *ast,
				       const struct value *base)
{
	const struct cpython *p = base->source->heap->cpython;

	if (p && cpython_is_computed(p, first_python(base), ast->text))
		return eval_error(env, ast,
				  "'%s' is computed: only running the program could tell it",
				  ast->text);
	return unknown(env, ast, base);
}

/* NULL: the Python object at addr has no such attribute, or is none. */
static struct value *find_python_attribute(struct source *source, uint64_t addr, const char *name)
{
	struct cpython *p = source->heap->cpython;
	uint64_t value;

	return p && cpython_attribute(p, addr, name, &value) ? value_from_python(source, value)
							     : NULL;
}

static struct error *object_self(struct expr_env *env, const struct ast *ast, struct value *base,
				 struct value **ret)
{
	const struct heap *h = base->source->heap;
	const uint64_t addr = object_addr(h, base->object);

	if (!h->cpython || !cpython_class_at(h->cpython, addr))
		return eval_error(env, ast, "this is no Python object");
	*ret = value_from_python(base->source, addr);
	return NULL;
}

static const struct attribute object_attributes[] = {
#define OBJECT_ROW(name, function, need, summary) { #name, object_##function },
	OBJECT_ATTRIBUTES(OBJECT_ROW)
#undef OBJECT_ROW
		{ 0 },
};

/* One of ours, else one of the program's. */
static struct error *get_of_object(struct expr_env *env, const struct ast *ast,
				   struct value *object, struct value **ret)
{
	attribute_fn *get = find_attribute(object_attributes, ast->text);

	if (get)
		return get(env, ast, object, ret);
	*ret = find_python_attribute(object->source,
				     object_addr(object->source->heap, object->object), ast->text);
	return *ret ? NULL : unknown_of_python(env, ast, object);
}

/* One of the program's, else one of ours where it lies in a block. */
static struct error *get_of_python(struct expr_env *env, const struct ast *ast, struct value *base,
				   struct value **ret)
{
	const struct heap *h = base->source->heap;
	const node_id n = cpython_find_object(h->cpython, base->python);
	_cleanup_value_ struct value *object = NULL;
	attribute_fn *get = find_attribute(object_attributes, ast->text);

	*ret = find_python_attribute(base->source, base->python, ast->text);
	if (*ret)
		return NULL;
	if (!get || n == NODE_NONE)
		return unknown_of_python(env, ast, base);
	object = value_create_object(base->source, n);
	return get(env, ast, object, ret);
}

/* A list; None for those that have no such attribute, an error where none has. */
static struct error *get_of_objects(struct expr_env *env, const struct ast *ast, struct value *base,
				    struct value **ret)
{
	_cleanup_value_ struct value *list = value_create(VALUE_LIST);

	bool is_known = find_attribute(object_attributes, ast->text) || !base->objects.nr;

	for (uint32_t i = 0; i < base->objects.nr; i++) {
		_cleanup_value_ struct value *object =
			value_create_object(base->source, base->objects.ids[i]);
		struct value *item;
		struct error *error = get_of_object(env, ast, object, &item);

		is_known |= !error;
		if (error) {
			error_destroy(error);
			item = value_create(VALUE_NONE);
		}
		value_list_add(list, item);
	}
	if (!is_known)
		return unknown_of_python(env, ast, base);
	*ret = value_ref(list);
	return NULL;
}

/* Of a list of Python values: iter_all('HtmlResponse').request.url */
static struct error *get_of_list(struct expr_env *env, const struct ast *ast, struct value *base,
				 struct value **ret)
{
	_cleanup_value_ struct value *list = value_create(VALUE_LIST);
	bool is_known = false;

	for (size_t i = 0; i < base->list.nr; i++) {
		struct value *from = base->list.items[i], *item = NULL;

		if (from->kind == VALUE_PYTHON)
			item = find_python_attribute(from->source, from->python, ast->text);
		is_known |= item != NULL;
		value_list_add(list, item ? item : value_create(VALUE_NONE));
	}
	if (!is_known)
		return unknown(env, ast, base);
	*ret = value_ref(list);
	return NULL;
}

static struct error *get_of_set(struct expr_env *env, const struct ast *ast, struct value *base,
				struct value **ret)
{
	attribute_fn *get = find_attribute(set_attributes, ast->text);
	const struct partition_rule *rule =
		strncmp(ast->text, "by", 2) ? NULL : partition_find_rule(ast->text);

	if (get)
		return get(env, ast, base, ret);
	return rule ? see_by(env, base, rule, ret) : unknown(env, ast, base);
}

struct error *eval_attribute(struct expr_env *env, const struct ast *ast, struct value *base,
			     struct value **ret)
{
	switch (base->kind) {
	case VALUE_SET:
		return get_of_set(env, ast, base, ret);
	case VALUE_OBJECT:
		return get_of_object(env, ast, base, ret);
	case VALUE_OBJECTS:
		return get_of_objects(env, ast, base, ret);
	case VALUE_PYTHON:
		return get_of_python(env, ast, base, ret);
	case VALUE_LIST:
		return get_of_list(env, ast, base, ret);
	case VALUE_NONE:
	case VALUE_NUMBER:
	case VALUE_TEXT:
	case VALUE_LIVE:
		break;
	}
	return unknown(env, ast, base);
}
