/* SPDX-License-Identifier: MIT */
/*
 * What stands behind `object.name`, as far as it can be told without running the program.
 */
#include <string.h>

#include "base/mem.h"
#include "typing/cpython/getter.h"
#include "typing/cpython/names.h"
#include "typing/cpython/value.h"

#define FOLLOW_MAX   8 /* properties that return properties */
#define MRO_MAX	     1024
#define TUPLE_GETTER 16u /* of a namedtuple's field: which item it is */
#define NAME_MAX_LEN 256

static bool has_shape(const struct cpython *p, uint64_t object, enum cpython_shape shape)
{
	const struct cpython_class *class = cpython_class_at(p, object);

	return class && class->shape == shape;
}

bool cpython_item(const struct cpython *p, uint64_t object, int64_t index, uint64_t *ret)
{
	const uint64_t nr = cpython_length(p, object);
	uint64_t items;

	if (has_shape(p, object, CPYTHON_SHAPE_TUPLE))
		items = object + CPYTHON_TUPLE_ITEMS;
	else if (has_shape(p, object, CPYTHON_SHAPE_LIST))
		items = cpython_word(p, object + CPYTHON_LIST_ITEMS);
	else
		return false;
	if (nr > INT64_MAX / 8)
		return false;
	index += index < 0 ? (int64_t)nr : 0;
	if (index < 0 || index >= (int64_t)nr)
		return false;
	*ret = cpython_word(p, items + (uint64_t)index * 8);
	return cpython_class_at(p, *ret) != NULL;
}

uint64_t cpython_dict_find_number(const struct cpython *p, uint64_t dict, int64_t number)
{
	struct cpython_items items;

	for (cpython_dict_open(p, dict, &items); cpython_items_next(&items);) {
		int64_t key;

		if (cpython_get_number(p, items.key, &key) && key == number)
			return items.value;
	}
	return 0;
}

static bool find_in_class(const struct cpython *p, const struct cpython_class *class,
			  const char *name, uint64_t *ret)
{
	for (int64_t i = 0; i < MRO_MAX; i++) {
		uint64_t base;

		if (!cpython_item(p, class->mro, i, &base))
			return false;
		*ret = cpython_dict_find(p, cpython_type_dict(p, base), name);
		if (*ret)
			return true;
	}
	return false;
}

static bool read_member(struct cpython *p, uint64_t object, const struct cpython_class *class,
			const char *name, uint64_t *ret)
{
	uint64_t offset;

	if (!cpython_find_member(p, class, name, &offset))
		return false;
	*ret = cpython_word(p, object + offset);
	return cpython_class_at(p, *ret) != NULL;
}

static bool find_any(struct cpython *p, uint64_t object, const char *name, int depth,
		     uint64_t *ret);

static bool run_getter(struct cpython *p, uint64_t object, uint64_t property, int depth,
		       uint64_t *ret)
{
	struct cpython_getter getter;

	if (!cpython_read_getter(p, property, &getter))
		return false;
	*ret = getter.nr ? object : getter.constant;
	for (size_t i = 0; i < getter.nr; i++) {
		_cleanup_free_ char *name = cpython_get_utf8(p, getter.names[i], NAME_MAX_LEN);

		if (!name || !find_any(p, *ret, name, depth + 1, ret))
			return false;
	}
	return cpython_class_at(p, *ret) != NULL;
}

/* Has it code that says what it is when it is asked for through an instance?  A function of any
 * sort is what it is, but for the instance that it remembers then; a slot is known. */
static bool is_descriptor(const struct cpython *p, uint64_t attribute)
{
	static const enum cpython_shape functions[] = {
		CPYTHON_SHAPE_FUNCTION,	   CPYTHON_SHAPE_METHOD_DESCRIPTOR, CPYTHON_SHAPE_WRAPPER,
		CPYTHON_SHAPE_CLASSMETHOD, CPYTHON_SHAPE_STATICMETHOD,	    CPYTHON_SHAPE_MEMBER
	};
	const struct cpython_class *class = cpython_class_at(p, attribute);

	for (size_t i = 0; class && i < ARRAY_SIZE(functions); i++)
		if (class->shape == functions[i])
			return false;
	return class && cpython_word(p, class->addr + CPYTHON_TP_DESCR_GET);
}

/* What a class's attribute is when it is asked for through an instance. */
static bool bind(struct cpython *p, uint64_t object, const char *name, uint64_t attribute,
		 int depth, uint64_t *ret)
{
	const struct cpython_class *class = cpython_class_at(p, attribute);

	if (has_shape(p, attribute, CPYTHON_SHAPE_MEMBER) ||
	    has_shape(p, attribute, CPYTHON_SHAPE_GETSET))
		return read_member(p, object, cpython_class_at(p, object), name, ret);
	if (has_shape(p, attribute, CPYTHON_SHAPE_PROPERTY))
		return run_getter(p, object, attribute, depth, ret);
	if (class && !strcmp(class->short_name, "_tuplegetter"))
		return cpython_item(p, object, (int64_t)cpython_word(p, attribute + TUPLE_GETTER),
				    ret);
	*ret = attribute;
	return class && !is_descriptor(p, attribute);
}

static bool find_own(const struct cpython *p, uint64_t object, const struct cpython_class *class,
		     const char *name, uint64_t *ret)
{
	struct cpython_items items;

	*ret = 0;
	if (!strcmp(name, "__class__"))
		*ret = class->addr;
	else if (!strcmp(name, "__dict__"))
		*ret = cpython_find_class(p, object) ? cpython_type_dict(p, object)
						     : cpython_instance_dict(p, object);
	if (!*ret) {
		cpython_instance_open(p, object, &items);
		*ret = cpython_items_find(&items, name);
	}
	return cpython_class_at(p, *ret) != NULL;
}

static bool find_plain(struct cpython *p, uint64_t object, const char *name, int depth,
		       uint64_t *ret)
{
	const struct cpython_class *class = cpython_class_at(p, object);
	const struct cpython_class *itself = cpython_find_class(p, object);
	uint64_t attribute;

	if (!class || depth > FOLLOW_MAX)
		return false;
	if (find_own(p, object, class, name, ret))
		return true;
	if (itself && find_in_class(p, itself, name, ret))
		return cpython_class_at(p, *ret) != NULL;
	if (find_in_class(p, class, name, &attribute))
		return bind(p, object, name, attribute, depth, ret);
	return read_member(p, object, class, name, ret);
}

bool cpython_plain_attribute(struct cpython *p, uint64_t object, const char *name, uint64_t *ret)
{
	return find_plain(p, object, name, 0, ret);
}

/*
 * Is object.name what object._name is?  Where the class says what object.name is, only if that is a
 * property that makes sure that there is a _name and returns it.
 */
static bool is_behind(struct cpython *p, uint64_t object, const char *name, const char *hidden,
		      uint64_t value)
{
	const struct cpython_class *class = cpython_class_at(p, object);
	uint64_t attribute;

	if (!find_in_class(p, class, name, &attribute))
		return true;
	return has_shape(p, attribute, CPYTHON_SHAPE_PROPERTY) &&
	       !has_shape(p, value, CPYTHON_SHAPE_NONE) &&
	       cpython_getter_ends(p, attribute, hidden);
}

static bool find_any(struct cpython *p, uint64_t object, const char *name, int depth, uint64_t *ret)
{
	_cleanup_free_ char *hidden = NULL;

	if (find_plain(p, object, name, depth, ret))
		return true;
	hidden = xasprintf("_%s", name);
	return find_plain(p, object, hidden, depth, ret) &&
	       is_behind(p, object, name, hidden, *ret);
}

bool cpython_attribute(struct cpython *p, uint64_t object, const char *name, uint64_t *ret)
{
	return find_any(p, object, name, 0, ret);
}

bool cpython_is_computed(const struct cpython *p, uint64_t object, const char *name)
{
	const struct cpython_class *class = cpython_class_at(p, object);
	uint64_t attribute;

	return class && find_in_class(p, class, name, &attribute) && is_descriptor(p, attribute);
}
