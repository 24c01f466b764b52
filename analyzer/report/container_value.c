/* SPDX-License-Identifier: MIT */
/*
 * Containers of libstdc++ and libc++: what they say of themselves, without a walk over their nodes.
 */
#include "report/container_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/word.h"
#include "report/pointee.h"
#include "typing/container/name.h"
#include "typing/native/container.h"
#include "typing/native/native.h"

/* Where the objects of libstdc++ and of libc++ count their items: word offsets; 0: they do not. */
static const struct {
	uint64_t gnu, llvm;
} counts[NR_CONTAINER_FAMILIES] = {
	[CONTAINER_FAMILY_LIST] = { 16, 16 },
	[CONTAINER_FAMILY_DEQUE] = { 0, 40 },
	[CONTAINER_FAMILY_SET] = { 40, 16 },
	[CONTAINER_FAMILY_MULTISET] = { 40, 16 },
	[CONTAINER_FAMILY_MAP] = { 40, 16 },
	[CONTAINER_FAMILY_MULTIMAP] = { 40, 16 },
	[CONTAINER_FAMILY_UNORDERED_SET] = { 24, 24 },
	[CONTAINER_FAMILY_UNORDERED_MULTISET] = { 24, 24 },
	[CONTAINER_FAMILY_UNORDERED_MAP] = { 24, 24 },
	[CONTAINER_FAMILY_UNORDERED_MULTIMAP] = { 24, 24 },
};

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
	const uint64_t begin = load_word(bytes, 0), end = load_word(bytes, 8);
	uint64_t size;

	if (!t->nr_arguments || t->arguments[0]->kind == CTYPE_BOOL) /* which counts bits */
		return false;
	size = ctype_complete(h->native, t->arguments[0])->size;
	if (!size || end < begin || (end - begin) % size)
		return false;
	ret->text = format_count((end - begin) / size);
	ret->leads_to = begin;
	ret->items = t->arguments[0];
	ret->items_size = end - begin;
	return true;
}

static bool find_container(struct heap *h, const struct ctype *t, const struct container_type *type,
			   const uint8_t *bytes, size_t text_max, struct container_value *ret)
{
	const uint64_t at = type->is_llvm ? counts[type->family].llvm : counts[type->family].gnu;

	ret->type = type->name;
	if (type->family == CONTAINER_FAMILY_STRING && type->is_llvm)
		return t->size >= 24 && find_string_llvm(h, t, bytes, text_max, ret);
	if (type->family == CONTAINER_FAMILY_STRING)
		return t->size >= 16 &&
		       find_string(h, t, load_word(bytes, 0), load_word(bytes, 8), text_max, ret);
	if (type->family == CONTAINER_FAMILY_VECTOR)
		return t->size >= 16 && find_range(h, t, bytes, ret);
	if (!at || at + sizeof(uint64_t) > t->size)
		return false;
	ret->text = format_count(load_word(bytes, at));
	return true;
}

static bool is_of(const char *name, const char *template)
{
	return !strncmp(name, template, strlen(template)) && name[strlen(name) - 1] == '>';
}

/* Their first word leads to what they hold. */
static bool find_smart_pointer(const struct ctype *t, const char *name, const uint8_t *bytes,
			       struct container_value *ret)
{
	if (!is_of(name, "std::unique_ptr<") && !is_of(name, "std::shared_ptr<") &&
	    !is_of(name, "std::weak_ptr<"))
		return false;
	ret->leads_to = load_word(bytes, 0);
	ret->item = t->arguments[0];
	return true;
}

/* The byte behind the value says whether there is one. */
static bool find_optional(struct heap *h, const struct ctype *t, const uint8_t *bytes,
			  struct container_value *ret)
{
	const struct ctype *value = ctype_complete(h->native, t->arguments[0]);

	if (!value->size || value->size >= t->size || bytes[value->size] > 1)
		return false;
	if (bytes[value->size])
		ret->value = value;
	else
		ret->text = xstrdup("none");
	return true;
}

#define GNU_FUNCTION_MANAGER 16 /* of what is called; NULL: nothing is */
#define GNU_FUNCTION_INVOKER 24 /* calls it */
#define GNU_FUNCTION_SIZE    32

static bool find_function(const struct ctype *t, const uint8_t *bytes, struct container_value *ret)
{
	if (t->size != GNU_FUNCTION_SIZE || strstr(t->name, "std::__1::"))
		return false;
	if (load_word(bytes, GNU_FUNCTION_MANAGER))
		ret->leads_to = load_word(bytes, GNU_FUNCTION_INVOKER);
	else
		ret->text = xstrdup("none");
	return true;
}

bool container_value_find(struct heap *h, const struct ctype *t, const uint8_t *bytes,
			  size_t text_max, struct container_value *ret)
{
	const struct container_type *type = container_type_of(h->native, t);
	_cleanup_free_ char *name = NULL;

	*ret = (struct container_value){ 0 };
	if (type)
		return find_container(h, t, type, bytes, text_max, ret);
	if (!(t->flags & CTYPE_CXX) || !t->nr_arguments)
		return false;
	name = container_spell(t->name);
	ret->type = heap_intern_name(h, name);
	if (is_of(name, "std::optional<"))
		return find_optional(h, t, bytes, ret);
	if (is_of(name, "std::function<"))
		return find_function(t, bytes, ret);
	return t->size >= sizeof(uint64_t) && find_smart_pointer(t, name, bytes, ret);
}
