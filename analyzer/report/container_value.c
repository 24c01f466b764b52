/* SPDX-License-Identifier: MIT */
/*
 * Containers of libstdc++ and libc++ by the name of their template and their size, which tells the
 * two libraries apart.
 */
#include "report/container_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "report/pointee.h"
#include "typing/native/native.h"

#define NESTING_MOST 8

enum form {
	FORM_STRING,	  /* pointer, length */
	FORM_STRING_LLVM, /* short: 2 * length, text; long: 1 | room, length, pointer */
	FORM_RANGE,	  /* begin, end */
	FORM_COUNT,	  /* number of items at an offset */
	FORM_POINTER,	  /* to one object */
};

/* template, size of the object, arguments that are told, form, offset of the count */
static const struct family {
	const char *template;
	uint64_t size;
	unsigned int nr_arguments;
	enum form form;
	uint64_t offset;
} families[] = {
	{ "basic_string", 32, 0, FORM_STRING, 8 },
	{ "basic_string", 24, 0, FORM_STRING_LLVM, 0 },
	{ "vector", 24, 1, FORM_RANGE, 0 },
	{ "list", 24, 1, FORM_COUNT, 16 },
	{ "deque", 48, 1, FORM_COUNT, 40 }, /* libc++ */
	{ "map", 48, 2, FORM_COUNT, 40 },
	{ "map", 24, 2, FORM_COUNT, 16 }, /* libc++ */
	{ "multimap", 48, 2, FORM_COUNT, 40 },
	{ "multimap", 24, 2, FORM_COUNT, 16 },
	{ "set", 48, 1, FORM_COUNT, 40 },
	{ "set", 24, 1, FORM_COUNT, 16 },
	{ "multiset", 48, 1, FORM_COUNT, 40 },
	{ "multiset", 24, 1, FORM_COUNT, 16 },
	{ "unordered_map", 56, 2, FORM_COUNT, 24 },
	{ "unordered_map", 40, 2, FORM_COUNT, 24 },
	{ "unordered_multimap", 56, 2, FORM_COUNT, 24 },
	{ "unordered_multimap", 40, 2, FORM_COUNT, 24 },
	{ "unordered_set", 56, 1, FORM_COUNT, 24 },
	{ "unordered_set", 40, 1, FORM_COUNT, 24 },
	{ "unordered_multiset", 56, 1, FORM_COUNT, 24 },
	{ "unordered_multiset", 40, 1, FORM_COUNT, 24 },
	{ "unique_ptr", 8, 1, FORM_POINTER, 0 },
	{ "shared_ptr", 16, 1, FORM_POINTER, 0 },
	{ "weak_ptr", 16, 1, FORM_POINTER, 0 },
};

/* "vector" of "std::vector<...>", "basic_string" of "std::__cxx11::basic_string<...>"; the length
 * of it, 0: no template of std. */
static size_t template_name(const char *type, const char **name)
{
	static const char *const versions[] = { "__cxx11::", "__1::" };

	if (strncmp(type, "std::", 5))
		return 0;
	*name = type + 5;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		if (!strncmp(*name, versions[i], strlen(versions[i])))
			*name += strlen(versions[i]);
	}
	return strcspn(*name, "<") < strcspn(*name, ":") ? strcspn(*name, "<") : 0;
}

static const struct family *find_family(const struct ctype *t)
{
	const char *name = "";
	const size_t len = template_name(t->name, &name);

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		const struct family *f = &families[i];

		if (len == strlen(f->template) && !strncmp(name, f->template, len) &&
		    t->size == f->size && t->nr_arguments >= f->nr_arguments)
			return f;
	}
	return NULL;
}

/* Without what goes without saying: "std::map<std::string, Link *>". */
static const char *type_name(struct heap *h, const struct ctype *t, const struct family *f,
			     int depth)
{
	_cleanup_free_ char *name = xasprintf("std::%s<", f->template);

	if (!strcmp(f->template, "basic_string"))
		return "std::string";
	for (unsigned int i = 0; i < f->nr_arguments; i++) {
		const struct ctype *argument = ctype_complete(h->native, t->arguments[i]);
		const struct family *inner = depth ? find_family(argument) : NULL;
		_cleanup_free_ char *before = name;

		name = xasprintf("%s%s%s", before, i ? ", " : "",
				 inner ? type_name(h, argument, inner, depth - 1) : argument->name);
	}

	_cleanup_free_ char *closed = xasprintf("%s>", name);

	return heap_intern_name(h, closed);
}

static uint64_t load_word(const uint8_t *bytes, uint64_t offset)
{
	uint64_t word;

	memcpy(&word, bytes + offset, sizeof(word));
	return word;
}

static char *format_count(uint64_t nr)
{
	return xasprintf("%" PRIu64 " item%s", nr, nr == 1 ? "" : "s");
}

static bool find_string(const struct heap *h, const struct ctype *t, uint64_t addr, uint64_t len,
			size_t text_max, struct container_value *ret)
{
	const uint8_t *text = len < UINT32_MAX ? pointee_bytes(h, addr, len + 1) : NULL;

	if (!text || text[len] || !t->nr_arguments || t->arguments[0]->size != 1)
		return false;
	ret->text = pointee_quote((const char *)text, len, text_max);
	return true;
}

static bool find_string_llvm(const struct heap *h, const struct ctype *t, const uint8_t *bytes,
			     size_t text_max, struct container_value *ret)
{
	const size_t len = bytes[0] / 2;

	if (bytes[0] & 1)
		return find_string(h, t, load_word(bytes, 16), load_word(bytes, 8), text_max, ret);
	if (len + 2 > t->size || bytes[len + 1])
		return false;
	ret->text = pointee_quote((const char *)bytes + 1, len, text_max);
	return true;
}

static bool find_range(struct heap *h, const struct ctype *t, const uint8_t *bytes,
		       struct container_value *ret)
{
	const uint64_t size = ctype_complete(h->native, t->arguments[0])->size;
	const uint64_t begin = load_word(bytes, 0), end = load_word(bytes, 8);

	if (!size || end < begin || (end - begin) % size ||
	    t->arguments[0]->kind == CTYPE_BOOL) /* vector<bool> counts bits */
		return false;
	ret->text = format_count((end - begin) / size);
	ret->leads_to = begin;
	ret->items = t->arguments[0];
	ret->items_size = end - begin;
	return true;
}

bool container_value_find(struct heap *h, const struct ctype *t, const uint8_t *bytes,
			  size_t text_max, struct container_value *ret)
{
	const struct family *f = t->flags & CTYPE_CXX ? find_family(t) : NULL;

	*ret = (struct container_value){ 0 };
	if (!f)
		return false;
	ret->type = type_name(h, t, f, NESTING_MOST);
	switch (f->form) {
	case FORM_STRING:
		return find_string(h, t, load_word(bytes, 0), load_word(bytes, 8), text_max, ret);
	case FORM_STRING_LLVM:
		return find_string_llvm(h, t, bytes, text_max, ret);
	case FORM_RANGE:
		return find_range(h, t, bytes, ret);
	case FORM_COUNT:
		ret->text = format_count(load_word(bytes, f->offset));
		return true;
	case FORM_POINTER:
		ret->leads_to = load_word(bytes, 0);
		ret->item = t->arguments[0];
		return true;
	}
	return false;
}
