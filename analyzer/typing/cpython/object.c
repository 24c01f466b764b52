/* SPDX-License-Identifier: MIT */
/*
 * Reading objects: words, classes, lengths, text.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "typing/cpython/cpython.h"

bool cpython_read(const struct cpython *p, uint64_t addr, void *to, size_t len)
{
	const uint8_t *bytes = dump_find_bytes(p->dump, addr, len);

	if (bytes)
		memcpy(to, bytes, len);
	return bytes;
}

uint64_t cpython_word(const struct cpython *p, uint64_t addr)
{
	uint64_t word;

	return cpython_read_word(p, addr, &word) ? word : 0;
}

const struct cpython_class *cpython_find_class(const struct cpython *p, uint64_t addr)
{
	const uint64_t index = map_find(&p->class_index, addr, 0);

	return index == MAP_EMPTY ? NULL : &p->classes[index];
}

const struct cpython_class *cpython_class_at(const struct cpython *p, uint64_t addr)
{
	return cpython_find_class(p, cpython_word(p, addr + CPYTHON_OB_TYPE));
}

bool cpython_is_subclass(const struct cpython *p, const struct cpython_class *c, uint64_t addr)
{
	const uint64_t nr = c->mro ? cpython_length(p, c->mro) : 0;

	for (uint64_t i = 0; i < nr; i++) {
		uint64_t base;

		if (!cpython_read_word(p, c->mro + CPYTHON_TUPLE_ITEMS + i * 8, &base))
			break;
		if (base == addr)
			return true;
	}
	return c->addr == addr;
}

node_id cpython_find_object(const struct cpython *p, uint64_t addr)
{
	const uint32_t n = dump_find_block(p->dump, addr);

	if (n == UINT32_MAX || p->class[n] == UINT32_MAX || object_addr(p->heap, n) != addr)
		return NODE_NONE;
	return n;
}

uint64_t cpython_length(const struct cpython *p, uint64_t addr)
{
	const int64_t size = (int64_t)cpython_word(p, addr + CPYTHON_OB_SIZE);

	return size < 0 ? -(uint64_t)size : (uint64_t)size;
}

static bool get_str(const struct cpython *p, uint64_t addr, struct cpython_text *ret)
{
	const struct cpython_version *v = p->version;
	uint32_t state;

	if (!cpython_read(p, addr + CPYTHON_STR_STATE, &state, sizeof(state)))
		return false;
	ret->unit = HC_PYTHON_STR_KIND(state);
	ret->length = cpython_word(p, addr + CPYTHON_STR_LENGTH);
	ret->is_str = true;
	if ((ret->unit != 1 && ret->unit != 2 && ret->unit != 4) || ret->length > UINT32_MAX * 4ul)
		return false;

	const uint64_t data = !HC_PYTHON_STR_IS_COMPACT(state) ? cpython_word(p, addr + v->str_data)
			      : HC_PYTHON_STR_IS_ASCII(state)  ? addr + v->str_ascii_size
							       : addr + v->str_compact_size;

	ret->bytes = dump_find_bytes(p->dump, data, ret->length * ret->unit);
	return ret->bytes;
}

bool cpython_get_text(const struct cpython *p, uint64_t addr, struct cpython_text *ret)
{
	const struct cpython_class *c = cpython_class_at(p, addr);
	uint64_t data = addr + CPYTHON_BYTES_BYTES;

	if (!c)
		return false;
	if (c->shape == CPYTHON_SHAPE_STR)
		return get_str(p, addr, ret);
	if (c->shape != CPYTHON_SHAPE_BYTES && c->shape != CPYTHON_SHAPE_BYTEARRAY)
		return false;
	if (c->shape == CPYTHON_SHAPE_BYTEARRAY)
		data = cpython_word(p, addr + CPYTHON_BYTEARRAY_START);
	*ret = (struct cpython_text){ .length = cpython_length(p, addr), .unit = 1 };
	ret->bytes =
		ret->length ? dump_find_bytes(p->dump, data, ret->length) : (const uint8_t *)"";
	return ret->bytes;
}

static uint32_t text_char(const struct cpython_text *text, uint64_t index)
{
	uint32_t c = 0;

	memcpy(&c, text->bytes + index * text->unit, text->unit);
	return c;
}

/* Surrogates, which a str may hold alone, come out as their three bytes. */
static size_t put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | (c >> 18 & 7));
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

char *cpython_get_utf8(const struct cpython *p, uint64_t addr, size_t max_len)
{
	struct cpython_text text;
	size_t len = 0;
	char *utf8;

	/* Asked for while classes are being found out, so by layout alone. */
	if (!addr || !get_str(p, addr, &text))
		return NULL;
	utf8 = xmalloc((text.length < max_len ? text.length * 4 : max_len) + 5);
	for (uint64_t i = 0; i < text.length; i++) {
		char bytes[4];
		const size_t nr = put_utf8(bytes, text_char(&text, i));

		if (len + nr > max_len)
			break;
		memcpy(utf8 + len, bytes, nr);
		len += nr;
	}
	utf8[len] = '\0';
	return utf8;
}

bool cpython_is_interned(const struct cpython *p, uint64_t addr)
{
	const struct cpython_class *c = cpython_class_at(p, addr);
	uint32_t state;

	return c && c->shape == CPYTHON_SHAPE_STR &&
	       cpython_read(p, addr + CPYTHON_STR_STATE, &state, sizeof(state)) &&
	       HC_PYTHON_STR_IS_INTERNED(state);
}

bool cpython_is_str(const struct cpython *p, uint64_t addr, const char *ascii)
{
	const size_t len = strlen(ascii);
	struct cpython_text text;

	return get_str(p, addr, &text) && text.unit == 1 && text.length == len &&
	       !memcmp(text.bytes, ascii, len);
}
