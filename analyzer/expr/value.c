/* SPDX-License-Identifier: MIT */
/*
 * Life of the values.
 */
#include "expr/value.h"

#include <stdlib.h>

#include "base/mem.h"
#include "typing/cpython/value.h"

struct value *value_create(enum value_kind kind)
{
	struct value *v = xcalloc(1, sizeof(*v));

	v->refs = 1;
	v->kind = kind;
	return v;
}

struct value *value_create_number(int64_t number)
{
	struct value *v = value_create(VALUE_NUMBER);

	v->number = number;
	return v;
}

struct value *value_create_text(char *text)
{
	struct value *v = value_create(VALUE_TEXT);

	v->text = text;
	return v;
}

struct value *value_create_set(struct source *source, struct nodeset *nodes, struct classifier *by)
{
	struct value *v = value_create(VALUE_SET);

	v->source = source;
	v->set.nodes = nodes;
	v->set.by = classifier_ref(by);
	return v;
}

struct value *value_create_object(struct source *source, node_id object)
{
	struct value *v = value_create(VALUE_OBJECT);

	v->source = source;
	v->object = object;
	return v;
}

struct value *value_create_objects(struct source *source, node_id *ids, uint32_t nr)
{
	struct value *v = value_create(VALUE_OBJECTS);

	v->source = source;
	v->objects.ids = ids;
	v->objects.nr = nr;
	return v;
}

struct value *value_from_python(struct source *source, uint64_t addr)
{
	const struct cpython *p = source->heap->cpython;
	const struct cpython_class *class = cpython_class_at(p, addr);
	struct value *v;
	int64_t number;

	if (class && class->shape == CPYTHON_SHAPE_NONE)
		return value_create(VALUE_NONE);
	if (class && class->shape == CPYTHON_SHAPE_INT && !class->is_heap &&
	    cpython_get_number(p, addr, &number))
		return value_create_number(number);
	v = value_create(VALUE_PYTHON);
	v->source = source;
	v->python = addr;
	return v;
}

void value_list_add(struct value *list, struct value *item)
{
	list->list.items = xrealloc(list->list.items, list->list.nr + 1, sizeof(*list->list.items));
	list->list.items[list->list.nr++] = item;
	list->list.weight += item->kind == VALUE_LIST ? item->list.weight + 1 : 1;
}

struct value *value_ref(struct value *v)
{
	v->refs++;
	return v;
}

static void release_list(struct value *v)
{
	for (size_t i = 0; i < v->list.nr; i++)
		value_unref(v->list.items[i]);
	free(v->list.items);
}

void value_unref(struct value *v)
{
	if (!v || --v->refs)
		return;
	switch (v->kind) {
	case VALUE_NONE:
	case VALUE_NUMBER:
	case VALUE_OBJECT:
	case VALUE_PYTHON:
		break;
	case VALUE_TEXT:
		free(v->text);
		break;
	case VALUE_SET:
		nodeset_unref(v->set.nodes);
		classifier_unref(v->set.by);
		partition_unref(v->set.partition);
		break;
	case VALUE_OBJECTS:
		free(v->objects.ids);
		break;
	case VALUE_LIST:
		release_list(v);
		break;
	case VALUE_LIVE:
		live_destroy(v->live);
		break;
	}
	free(v);
}

const char *value_kind_name(enum value_kind kind)
{
	static const char *const names[] = {
		[VALUE_NONE] = "None",	      [VALUE_NUMBER] = "a number",
		[VALUE_TEXT] = "a text",      [VALUE_SET] = "a set",
		[VALUE_OBJECT] = "an object", [VALUE_OBJECTS] = "a list of objects",
		[VALUE_PYTHON] = "a value",   [VALUE_LIST] = "a list",
		[VALUE_LIVE] = "a report",
	};

	return names[kind];
}

struct partition *value_set_partition(struct value *set)
{
	if (!set->set.partition)
		set->set.partition =
			partition_create(set->source->heap, set->set.nodes, set->set.by);
	return set->set.partition;
}

struct nodeset *value_nodes(const struct value *v)
{
	node_id object = v->kind == VALUE_OBJECT ? v->object : 0;

	if (v->kind == VALUE_SET)
		return nodeset_ref(v->set.nodes);
	if (v->kind == VALUE_OBJECT)
		return nodeset_create(v->source->heap, &object, 1);
	if (v->kind == VALUE_OBJECTS)
		return nodeset_create(v->source->heap, v->objects.ids, v->objects.nr);
	return NULL;
}
