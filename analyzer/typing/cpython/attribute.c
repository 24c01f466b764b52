/* SPDX-License-Identifier: MIT */
/*
 * What stands behind `object.name`, as far as it can be told without running the program.
 */
#include <string.h>

#include "base/mem.h"
#include "typing/cpython/value.h"

#define FOLLOW_MAX   8 /* properties that return properties */
#define MRO_MAX	     1024
#define NAME_MAX_LEN 256

#define PROPERTY_GET 16u
#define MEMBER_DEF   40u /* of a member descriptor: struct PyMemberDef */
#define DEF_TYPE     8u
#define DEF_OFFSET   16u

enum member_type { MEMBER_OBJECT = 6, MEMBER_OBJECT_EX = 16 };

/* Where a function keeps its code, a code object its names and instructions, and what
 * `return self.name` compiles to. */
struct code_layout {
	uint8_t func_code;
	uint8_t names;
	uint8_t code;	   /* address of a bytes object up to 3.10, the instructions from 3.11 on */
	uint8_t load;	   /* index of the instruction LOAD_FAST 0 */
	uint8_t op_fast;   /* LOAD_FAST */
	uint8_t op_attr;   /* LOAD_ATTR; from 3.11 on it may have been specialised */
	uint8_t op_return; /* RETURN_VALUE */
	uint8_t length;	   /* in bytes */
};

static const struct code_layout code_layouts[] = {
	[8] = { 16, 64, 48, 0, 124, 106, 83, 6 },    [9] = { 16, 64, 48, 0, 124, 106, 83, 6 },
	[10] = { 48, 64, 48, 0, 124, 106, 83, 6 },   [11] = { 48, 32, 184, 1, 124, 106, 83, 16 },
	[12] = { 48, 32, 192, 1, 124, 106, 83, 26 }, [13] = { 48, 32, 200, 1, 85, 82, 36, 26 },
};

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

static bool read_member(const struct cpython *p, uint64_t object, uint64_t descriptor,
			uint64_t *ret)
{
	const uint64_t def = cpython_word(p, descriptor + MEMBER_DEF);
	const uint32_t type = (uint32_t)cpython_word(p, def + DEF_TYPE);

	if (type != MEMBER_OBJECT && type != MEMBER_OBJECT_EX)
		return false;
	*ret = cpython_word(p, object + cpython_word(p, def + DEF_OFFSET));
	return cpython_class_at(p, *ret) != NULL;
}

/* False: there are not as many instructions as `return self.name` has. */
static bool read_instructions(const struct cpython *p, uint64_t code, const struct code_layout *l,
			      uint8_t *bytes)
{
	struct cpython_text text;

	if (p->version->minor >= 11)
		return cpython_length(p, code) * 2 == l->length &&
		       cpython_read(p, code + l->code, bytes, l->length);
	if (!cpython_get_text(p, cpython_word(p, code + l->code), &text) || text.is_str ||
	    text.length != l->length)
		return false;
	memcpy(bytes, text.bytes, l->length);
	return true;
}

/* The name in a property's getter that is `return self.name`; NULL: it does something else. */
static char *returned_name(const struct cpython *p, uint64_t property)
{
	const unsigned int minor = p->version->minor;
	const struct code_layout *l = &code_layouts[minor];
	const uint64_t getter = cpython_word(p, property + PROPERTY_GET);
	const uint64_t code = has_shape(p, getter, CPYTHON_SHAPE_FUNCTION)
				      ? cpython_word(p, getter + l->func_code)
				      : 0;
	uint8_t bytes[UINT8_MAX];
	const uint8_t *load = bytes + l->load * 2, *attr = load + 2;
	uint64_t name;

	if (!has_shape(p, code, CPYTHON_SHAPE_CODE) || !read_instructions(p, code, l, bytes))
		return NULL;
	if (load[0] != l->op_fast || load[1] != 0 || bytes[l->length - 2] != l->op_return)
		return NULL;
	if (minor < 11 && attr[0] != l->op_attr)
		return NULL;
	if (minor >= 12 && (attr[1] & 1)) /* a method to call */
		return NULL;
	if (!cpython_item(p, cpython_word(p, code + l->names), minor >= 12 ? attr[1] >> 1 : attr[1],
			  &name))
		return NULL;
	return cpython_get_utf8(p, name, NAME_MAX_LEN);
}

static bool find_plain(const struct cpython *p, uint64_t object, const char *name, int depth,
		       uint64_t *ret);

/* What a class's attribute is when it is asked for through an instance. */
static bool bind(const struct cpython *p, uint64_t object, uint64_t attribute, int depth,
		 uint64_t *ret)
{
	_cleanup_free_ char *name = NULL;

	if (has_shape(p, attribute, CPYTHON_SHAPE_MEMBER))
		return read_member(p, object, attribute, ret);
	if (has_shape(p, attribute, CPYTHON_SHAPE_GETSET))
		return false;
	if (has_shape(p, attribute, CPYTHON_SHAPE_PROPERTY)) {
		name = returned_name(p, attribute);
		return name && find_plain(p, object, name, depth + 1, ret);
	}
	*ret = attribute;
	return cpython_class_at(p, attribute) != NULL;
}

static bool find_own(const struct cpython *p, uint64_t object, const struct cpython_class *class,
		     const char *name, uint64_t *ret)
{
	struct cpython_items items;

	*ret = 0;
	if (!strcmp(name, "__class__"))
		*ret = class->addr;
	else if (!strcmp(name, "__dict__"))
		*ret = cpython_instance_dict(p, object);
	if (!*ret) {
		cpython_instance_open(p, object, &items);
		*ret = cpython_items_find(&items, name);
	}
	return cpython_class_at(p, *ret) != NULL;
}

static bool find_plain(const struct cpython *p, uint64_t object, const char *name, int depth,
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
	return find_in_class(p, class, name, &attribute) && bind(p, object, attribute, depth, ret);
}

bool cpython_plain_attribute(const struct cpython *p, uint64_t object, const char *name,
			     uint64_t *ret)
{
	return find_plain(p, object, name, 0, ret);
}

bool cpython_attribute(const struct cpython *p, uint64_t object, const char *name, uint64_t *ret)
{
	_cleanup_free_ char *hidden = xasprintf("_%s", name);

	return cpython_plain_attribute(p, object, name, ret) ||
	       cpython_plain_attribute(p, object, hidden, ret);
}
